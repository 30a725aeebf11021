//! Arbitrary text as a token or a time-to-live: only issued tokens are valid, and
//! a time-to-live is a number of seconds up to six hours.
#![no_main]

use http::{HeaderValue, Request};
use imdsim_fuzz::Host;
use libfuzzer_sys::fuzz_target;

const TOKEN: &str = "x-aws-ec2-metadata-token";
const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";

fuzz_target!(|input: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(input) else {
        return;
    };
    let mut host = Host::new([("http_tokens", "required")]);
    let request = |name: &str, value: HeaderValue| {
        let request = match name {
            TTL => Request::put("/latest/api/token"),
            _ => Request::get("/latest/meta-data/ami-id"),
        };
        let request = request.header(name, value).body(Vec::new());
        request.expect("the request is valid")
    };
    let issued = host.send(&request(TTL, HeaderValue::from_static("60"))).body;
    let read = host.send(&request(TOKEN, value.clone())).status.as_u16();
    assert_eq!(read, if input == issued { 200 } else { 401 });
    let text = std::str::from_utf8(input).ok();
    let seconds = text.and_then(|text| text.trim().parse::<u64>().ok());
    let response = host.send(&request(TTL, value));
    match response.status.as_u16() {
        200 => assert!(seconds.is_some_and(|seconds| seconds <= 21_600)),
        status => assert_eq!(status, 400),
    }
});

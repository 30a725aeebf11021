//! Any text as a token or a time-to-live: no token is good but one that was
//! minted, and no time-to-live but a number up to six hours.
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
    let ask = |name: &str, value: HeaderValue| {
        let request = match name {
            TTL => Request::put("/latest/api/token"),
            _ => Request::get("/latest/meta-data/ami-id"),
        };
        let request = request.header(name, value).body(Vec::new());
        request.expect("the request is a good one")
    };
    let minted = host.send(&ask(TTL, HeaderValue::from_static("60"))).body;
    let read = host.send(&ask(TOKEN, value.clone())).status.as_u16();
    assert_eq!(read, if input == minted { 200 } else { 401 });
    let said = std::str::from_utf8(input).ok();
    let seconds = said.and_then(|said| said.trim().parse::<u64>().ok());
    let granted = host.send(&ask(TTL, value));
    match granted.status.as_u16() {
        200 => assert!(seconds.is_some_and(|seconds| seconds <= 21_600)),
        status => assert_eq!(status, 400),
    }
});

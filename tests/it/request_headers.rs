//! The headers that hosts pass to the emulator.

use http::{Request, Response};
use imdsim::constants::REQUEST_HEADERS;

use crate::client::Client;

/// Requests whose last header decides the response, with the settings for it.
const DECIDED_BY_A_HEADER: [(&str, &str, Headers); 10] = [
    ("PUT", "/latest/api/token", &[(TTL, "60")]),
    (
        "PUT",
        "/latest/api/token",
        &[(TTL, "60"), ("x-forwarded-for", "192.0.2.1")],
    ),
    (
        "GET",
        "/latest/meta-data/",
        &[("x-aws-ec2-metadata-token", "forged")],
    ),
    ("GET", "/latest/meta-data/", &[("host", "a"), ("host", "b")]),
    (
        "GET",
        "/_imdsim/instance",
        &[("host", "localhost"), ("authorization", "Bearer secret")],
    ),
    (
        "GET",
        "/_imdsim/instance",
        &[LOCAL, ADMIN, ("sec-fetch-site", "cross-site")],
    ),
    (
        "GET",
        "/_imdsim/instance",
        &[LOCAL, ADMIN, ("origin", "http://a.example")],
    ),
    (
        "GET",
        "/_imdsim/instance",
        &[LOCAL, ADMIN, ("referer", "http://a.example/")],
    ),
    (
        "POST",
        "/_imdsim/reset",
        &[LOCAL, ADMIN, ("user-agent", "Mozilla/5.0")],
    ),
    (
        "DELETE",
        "/_imdsim/overrides",
        &[LOCAL, ADMIN, ("if-match", "\"other\"")],
    ),
];
type Headers = &'static [(&'static str, &'static str)];
const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const LOCAL: (&str, &str) = ("host", "localhost");
const ADMIN: (&str, &str) = ("authorization", "Bearer secret");

#[test]
fn every_header_that_decides_a_response_is_among_those_that_hosts_pass() {
    let answer = |method: &str, path: &str, headers: &[(&str, &str)]| {
        let mut client = Client::new(&[("admin_token", "secret")]);
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Vec::new()).unwrap();
        let whole = client.copy().send(&request);
        let names: Vec<_> = request.headers().keys().cloned().collect();
        for name in names {
            if !REQUEST_HEADERS.contains(&name) {
                request.headers_mut().remove(name);
            }
        }
        assert!(
            is_equal(&whole, &client.send(&request)),
            "{method} {path}: {headers:?}"
        );
        whole
    };
    for (method, path, headers) in DECIDED_BY_A_HEADER {
        let (_, others) = headers.split_last().unwrap();
        let (with, without) = (answer(method, path, headers), answer(method, path, others));
        assert!(
            !is_equal(&with, &without),
            "{method} {path}: {headers:?} decides nothing"
        );
    }
}

fn is_equal(a: &Response<Vec<u8>>, b: &Response<Vec<u8>>) -> bool {
    (a.status(), a.headers(), a.body()) == (b.status(), b.headers(), b.body())
}

//! Client behaviour on connections, tested on every host.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// A claim, and its test against an address.
type Habit = (&'static str, fn(&str));

/// Client behaviour that every host must support.
pub(crate) const HABITS: [Habit; 4] = [
    ("head and body arrive in one segment", one_segment),
    (
        "connections are kept or closed as requested",
        kept_and_closed,
    ),
    ("connections without a request do no harm", probes),
    ("a token request needs no length and no type", bare_token),
];

/// Two segments would cost 40 ms with delayed acknowledgements. A single read
/// must always return the complete response.
fn one_segment(address: &str) {
    let mut stream = connect(address);
    for request in [LEAF, LISTING, MISSING].iter().cycle().take(60) {
        let response = ask(&mut stream, &format!("{request}{KEEP}"));
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let lengths = head.lines().filter_map(|line| line.split_once(": "));
        let length = lengths
            .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map(|(_, value)| value.parse::<usize>().unwrap());
        assert_eq!(length.collect::<Vec<_>>(), [body.len()], "{response}");
    }
}

fn kept_and_closed(address: &str) {
    let mut stream = connect(address);
    for _ in 0..3 {
        let response = ask(&mut stream, &format!("{LEAF}{KEEP}"));
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    }
    let response = ask(&mut stream, &format!("{LEAF}Connection: close\r\n\r\n"));
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the host closes");
}

fn probes(address: &str) {
    for _ in 0..100 {
        drop(connect(address));
    }
    let response = ask(&mut connect(address), &format!("{LEAF}{KEEP}"));
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

/// The connection stays usable however a PUT describes its missing body.
fn bare_token(address: &str) {
    let mut stream = connect(address);
    for said in [
        "",
        "Content-Length: 0\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n",
    ] {
        let response = ask(&mut stream, &format!("{TOKEN}{said}{KEEP}"));
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
        let (_, token) = response.split_once("\r\n\r\n").unwrap();
        let response = ask(
            &mut stream,
            &format!("{LEAF}X-aws-ec2-metadata-token: {token}\r\n{KEEP}"),
        );
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    }
}

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    stream
}

/// Sends a request and returns the result of one read.
fn ask(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = vec![0; 64 * 1024];
    let length = stream.read(&mut response).unwrap();
    response.truncate(length);
    String::from_utf8(response).unwrap()
}

const KEEP: &str = "Connection: keep-alive\r\n\r\n";
const LEAF: &str = "GET /latest/meta-data/instance-id HTTP/1.1\r\nHost: 127.0.0.1\r\n";
const LISTING: &str = "GET /latest/meta-data HTTP/1.1\r\nHost: 127.0.0.1\r\n";
const MISSING: &str = "GET /latest/meta-data/nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n";
const TOKEN: &str = "PUT /latest/api/token HTTP/1.1\r\nHost: 127.0.0.1\r\n\
                     X-aws-ec2-metadata-token-ttl-seconds: 60\r\n";

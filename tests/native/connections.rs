//! The end of connections, and the exact bytes of response heads.

use std::io::Write as _;

use crate::client_requests::HABITS;
use crate::program::{Program, body, header, is_closed, read_response};

const LEAF: &str = "/latest/meta-data/instance-id";

/// The header names in order.
fn names(response: &str) -> Vec<&str> {
    let (head, _) = response.split_once("\r\n\r\n").unwrap();
    let lines = head.lines().skip(1);
    lines.map(|line| line.split_once(": ").unwrap().0).collect()
}

#[test]
fn a_connection_closes_after_the_response() {
    let program = Program::start(&[]);
    // `get` returns only after the connection has closed.
    let response = program.get(LEAF);
    assert_eq!(header(&response, "Connection"), Some("close"));
}

#[test]
fn headers_match_the_captures_in_name_and_order() {
    let program = Program::start(&[]);
    let response = program.get(LEAF);
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    assert_eq!(
        names(&response),
        [
            "Content-Type",
            "Accept-Ranges",
            "Last-Modified",
            "Content-Length",
            "Date",
            "Server",
            "Connection",
        ]
    );
}

#[test]
fn token_headers_match_the_captures() {
    let program = Program::start(&[]);
    let response = program.send(
        "PUT /latest/api/token HTTP/1.1\r\nHost: test\r\n\
         X-aws-ec2-metadata-token-ttl-seconds: 60\r\nContent-Length: 0\r\n\r\n",
    );
    assert_eq!(
        names(&response),
        [
            "X-Aws-Ec2-Metadata-Token-Ttl-Seconds",
            "Content-Length",
            "Date",
            "Server",
            "Connection",
            "Content-Type",
        ]
    );
}

#[test]
fn keep_alive_keeps_the_connection_open() {
    let program = Program::start(&[]);
    let mut stream = program.connect();
    for _ in 0..3 {
        write!(
            stream,
            "GET {LEAF} HTTP/1.1\r\nHost: test\r\nConnection: Keep-Alive\r\n\r\n"
        )
        .unwrap();
        let response = read_response(&mut stream);
        assert_eq!(header(&response, "Connection"), None);
    }
    write!(stream, "GET {LEAF} HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
    let response = read_response(&mut stream);
    assert_eq!(header(&response, "Connection"), Some("close"));
    assert!(is_closed(&mut stream));
}

#[test]
fn with_the_flag_connections_stay_open_unless_the_client_asks_to_close() {
    let program = Program::start(&["--keep-alive"]);
    let mut stream = program.connect();
    for _ in 0..3 {
        write!(stream, "GET {LEAF} HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
        let response = read_response(&mut stream);
        assert_eq!(header(&response, "Connection"), None);
    }
    write!(
        stream,
        "GET {LEAF} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let response = read_response(&mut stream);
    assert_eq!(header(&response, "Connection"), Some("close"));
    assert!(is_closed(&mut stream));
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let program = Program::start(&[]);
    let kept = format!("HEAD {LEAF} HTTP/1.1\r\nHost: test\r\nConnection: keep-alive\r\n\r\n");
    let last = format!("GET {LEAF} HTTP/1.1\r\nHost: test\r\n\r\n");
    let responses = program.send(kept.repeat(2) + &last);
    assert_eq!(responses.matches("HTTP/1.1 200 OK\r\n").count(), 3);
    assert!(body(responses.rsplit("HTTP/1.1").next().unwrap()).starts_with("i-"));
}

#[test]
fn head_has_the_content_length_of_get() {
    let program = Program::start(&[]);
    let got = program.get(LEAF);
    let asked = program.send(format!("HEAD {LEAF} HTTP/1.1\r\nHost: test\r\n\r\n"));
    assert!(asked.starts_with("HTTP/1.1 200 OK\r\n"), "{asked}");
    let length = body(&got).len().to_string();
    assert_eq!(header(&asked, "Content-Length"), Some(length.as_str()));
    assert_eq!(names(&asked), names(&got));
    assert_eq!(body(&asked), "");
}

#[test]
fn content_length_zero_stays_in_its_place() {
    let program = Program::start(&[]);
    let response = program.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(
        names(&response),
        [
            "Content-Type",
            "Content-Length",
            "Date",
            "Server",
            "Connection"
        ]
    );
}

#[test]
fn status_405_has_the_reason_phrase_of_the_real_service() {
    let program = Program::start(&[]);
    let response = program.get("/latest/api/token");
    assert!(
        response.starts_with("HTTP/1.1 405 Not Allowed\r\n"),
        "{response}"
    );
}

#[test]
fn a_request_without_host_is_answered() {
    let program = Program::start(&[]);
    let nameless = program.send(format!("GET {LEAF} HTTP/1.0\r\n\r\n"));
    assert!(nameless.starts_with("HTTP/1.0 200 OK\r\n"), "{nameless}");
    let mut strange = format!("GET {LEAF} HTTP/1.1\r\nHost: ").into_bytes();
    strange.extend(b"\xff\r\n\r\n");
    let strange = program.send(strange);
    assert!(strange.starts_with("HTTP/1.1 200 OK\r\n"), "{strange}");
}

#[test]
fn connections_without_a_request_are_harmless_and_not_logged() {
    let program = Program::start(&[]);
    for _ in 0..100 {
        drop(program.connect());
    }
    let response = program.get(LEAF);
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    #[cfg(unix)]
    assert_eq!(
        program.stop().lines().count(),
        2,
        "the start and one request"
    );
}

#[test]
fn concurrent_requests_are_all_answered() {
    let program = Program::start(&["--quiet"]);
    let expected = body(&program.get(LEAF)).to_owned();
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                let mut stream = program.connect();
                for _ in 0..50 {
                    write!(
                        stream,
                        "GET {LEAF} HTTP/1.1\r\nHost: test\r\nConnection: keep-alive\r\n\r\n"
                    )
                    .unwrap();
                    let response = read_response(&mut stream);
                    assert_eq!(body(&response), expected);
                }
            });
        }
    });
}

#[test]
fn what_clients_do_with_connections_is_done_for_them() {
    let program = Program::start(&["--quiet"]);
    for (claim, prove) in HABITS {
        println!("{claim}");
        prove(program.address());
    }
}

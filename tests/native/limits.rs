//! Requests that are too large or malformed, and too many connections.

use crate::program::{Program, header};

#[track_caller]
fn check(program: &Program, request: impl AsRef<[u8]>, status: &str) {
    let response = program.send(request);
    let expected = format!("HTTP/1.1 {status}\r\n");
    assert!(response.starts_with(&expected), "{response}");
    assert_eq!(header(&response, "Connection"), Some("close"));
}

#[test]
fn a_head_above_64_kib_is_rejected() {
    let program = Program::start(&[]);
    let padding = "x".repeat(64 * 1024);
    check(
        &program,
        format!("GET / HTTP/1.1\r\nHost: test\r\nX-Padding: {padding}\r\n\r\n"),
        "431 Request Header Fields Too Large",
    );
    let padding = "x".repeat(60 * 1024);
    check(
        &program,
        format!("GET / HTTP/1.1\r\nHost: test\r\nX-Padding: {padding}\r\n\r\n"),
        "200 OK",
    );
}

#[test]
fn a_body_above_1_mib_is_rejected() {
    let program = Program::start(&[]);
    let request = |length: usize| {
        let mut request =
            format!("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n")
                .into_bytes();
        request.resize(request.len() + length, b'x');
        request
    };
    check(&program, request(1024 * 1024 + 1), "413 Payload Too Large");
    check(&program, request(1024 * 1024), "403 Forbidden");
}

#[test]
fn the_limit_applies_to_chunked_bodies() {
    let program = Program::start(&[]);
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    check(
        &program,
        format!(
            "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
            chunk.repeat(17)
        ),
        "413 Payload Too Large",
    );
}

#[test]
fn a_large_body_is_rejected_before_100_continue() {
    let program = Program::start(&[]);
    check(
        &program,
        "PUT / HTTP/1.1\r\nHost: test\r\nContent-Length: 2000000\r\n\
         Expect: 100-continue\r\n\r\n",
        "413 Payload Too Large",
    );
}

#[test]
fn malformed_requests_are_rejected() {
    let program = Program::start(&[]);
    for bytes in [
        "hello\r\n\r\n",
        "GET /\x01 HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET / HTTP/1.1\r\nHost test\r\n\r\n",
        "\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n",
    ] {
        check(&program, bytes, "400 Bad Request");
    }
    let response = program.get("/");
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
}

#[test]
fn unusual_requests_are_answered() {
    let program = Program::start(&[]);
    for line in [
        "OPTIONS *",
        "CONNECT example.com:443",
        "GET http://169.254.169.254/latest/meta-data/",
        "BREW /latest/meta-data/",
        "GET /%00%ff%2e%2e//..",
        "GET /?",
        "GET /é",
    ] {
        let response = program.send(format!("{line} HTTP/1.1\r\nHost: test\r\n\r\n"));
        assert!(response.starts_with("HTTP/1.1 "), "{line}: {response}");
        assert!(!response.starts_with("HTTP/1.1 5"), "{line}: {response}");
    }
}

/// A connection that cannot be accepted is retried many times a second.
#[test]
#[cfg(target_os = "linux")]
fn too_many_open_files_are_reported_once() {
    let begun = std::time::Instant::now();
    let program = Program::start(&["--quiet"]);
    let open = std::fs::read_dir(format!("/proc/{}/fd", program.id())).unwrap();
    if !program.limit(&format!("--nofile={}:", open.count() + 5)) {
        return;
    }
    let held: Vec<_> = (0..30).map(|_| program.connect()).collect();
    program.wait_for("cannot accept a connection: ");
    // Each attempt frees one slot and uses it again.
    held.into_iter().for_each(drop);
    let response = program.get("/");
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    let said = program.stop();
    let told = said.matches("cannot accept a connection: ").count() as u64;
    let turns = begun.elapsed().as_secs() / 10;
    assert!(told <= 1 + turns, "{said}");
}

//! Concurrent clients, and a program that is killed while they write.

use std::io::{ErrorKind, Read as _, Write as _};

use crate::load;
use crate::program::{Program, text};

#[test]
fn concurrent_writers_lose_nothing() {
    let program = Program::start(&["--quiet"]);
    load::nothing_is_lost(program.address());
}

#[test]
fn concurrent_writers_lose_nothing_with_a_state_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let program = Program::start(&["--quiet", "--state", text(&path)]);
    load::nothing_is_lost(program.address());
}

#[test]
fn no_acknowledged_write_is_lost_when_the_program_is_killed_200_times() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    load::survives_kills(200, || {
        let program = Program::start(&["--quiet", "--state", text(&path)]);
        let address = program.address().to_owned();
        (program, address)
    });
}

#[test]
fn a_stalled_request_does_not_delay_others() {
    let program = Program::start(&["--quiet"]);
    let stall = "PUT /_imdsim/faults/hop-limit-exceeded";
    assert_eq!(load::call(program.address(), stall, "").unwrap().0, 200);
    let mut stalled = program.connect();
    let mint = "PUT /latest/api/token HTTP/1.1\r\nHost: test\r\n\
                X-aws-ec2-metadata-token-ttl-seconds: 60\r\nContent-Length: 0\r\n\r\n";
    stalled.write_all(mint.as_bytes()).unwrap();
    // The journal has the request before its response is sent.
    let count = "GET /_imdsim/requests/count?path=/latest/api/token";
    let told = |_| load::call(program.address(), count, "").unwrap().1 == r#"{"count":1}"#;
    assert!((0..10_000).any(told), "it never came");
    let read = "GET /latest/meta-data/ami-id";
    assert_eq!(load::call(program.address(), read, "").unwrap().0, 200);
    stalled.set_nonblocking(true).unwrap();
    let unanswered = stalled.read(&mut [0]).unwrap_err();
    assert_eq!(unanswered.kind(), ErrorKind::WouldBlock);
}

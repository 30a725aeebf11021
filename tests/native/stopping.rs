//! Stopping by signals.
#![cfg(unix)]

use std::io::Write as _;

use crate::program::{Program, is_closed, read_response};

#[test]
fn sigterm_and_sigint_stop_the_program_cleanly() {
    for signal in ["TERM", "INT"] {
        let program = Program::start(&[]);
        program.get("/");
        program.signal(signal);
        let (status, output) = program.wait();
        assert_eq!(status.code(), Some(0), "{output}");
    }
}

#[test]
fn idle_connections_do_not_delay_the_exit() {
    let program = Program::start(&[]);
    let mut silent = program.connect();
    let mut kept = program.connect();
    write!(
        kept,
        "GET / HTTP/1.1\r\nHost: test\r\nConnection: keep-alive\r\n\r\n"
    )
    .unwrap();
    read_response(&mut kept);
    program.signal("TERM");
    assert!(is_closed(&mut kept));
    assert!(is_closed(&mut silent));
    let (status, output) = program.wait();
    assert_eq!(status.code(), Some(0), "{output}");
}

/// The system accepts connections before the program does.
#[test]
fn connections_queued_at_the_signal_are_answered() {
    let program = Program::start(&["--quiet"]);
    program.signal("STOP");
    let mut queued: Vec<_> = (0..20).map(|_| program.connect()).collect();
    for stream in &mut queued {
        stream
            .write_all(b"GET /latest/meta-data/ami-id HTTP/1.1\r\nHost: test\r\n\r\n")
            .unwrap();
    }
    program.signal("TERM");
    program.signal("CONT");
    for mut stream in queued {
        let response = read_response(&mut stream);
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    }
    let (status, output) = program.wait();
    assert_eq!(status.code(), Some(0), "{output}");
}

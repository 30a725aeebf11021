//! The request log.
#![cfg(unix)]

use std::io::{Read as _, Write as _};

use crate::program::{Program, command, header};

fn requests(program: &Program) {
    program.get("/latest/meta-data/instance-id");
    let token = program.send(
        "PUT /latest/api/token HTTP/1.1\r\nHost: test\r\n\
         X-aws-ec2-metadata-token-ttl-seconds: 60\r\nContent-Length: 0\r\n\r\n",
    );
    assert!(header(&token, "Content-Length").is_some(), "{token}");
    program.send(
        "GET /latest/nothing HTTP/1.1\r\nHost: test\r\n\
         User-Agent: a\tb\r\nX-aws-ec2-metadata-token: secret\r\n\r\n",
    );
}

#[test]
fn the_text_log_has_a_line_per_request() {
    let program = Program::start(&[]);
    requests(&program);
    let output = program.stop();
    let lines: Vec<&str> = output.lines().skip(1).collect();
    assert_eq!(lines.len(), 3, "{output}");
    let (time, rest) = lines[0].split_once(' ').unwrap();
    assert!(
        time.len() == "2026-01-01T00:00:00.000Z".len() && time.ends_with('Z'),
        "in UTC, as the journal: {time}"
    );
    assert!(
        rest.starts_with("v1 GET  /latest/meta-data/instance-id 200 19 B "),
        "{rest}"
    );
    assert!(
        lines[1].contains(" v2 PUT  /latest/api/token 200 56 B "),
        "{output}"
    );
    assert!(
        lines[2].contains(" v2 GET  /latest/nothing 401 0 B "),
        "{output}"
    );
    assert!(
        !output.contains('\x1b'),
        "colours where there is no terminal"
    );
}

#[test]
fn the_json_log_has_an_object_per_line() {
    let mut prepared = command(&["--log", "json", "--addr", "127.0.0.1:0"]);
    let program = Program::start_command(prepared.env("IMDSIM_UNKNOWN", "x"));
    requests(&program);
    let output = program.stop();
    let lines: Vec<serde_json::Value> = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let warning = lines[0]["message"].as_str().unwrap();
    assert!(warning.starts_with("IMDSIM_UNKNOWN: "), "{output}");
    let ready = lines[1]["message"].as_str().unwrap();
    assert!(
        ready.starts_with("Serving HTTP on http://127.0.0.1:"),
        "{output}"
    );
    let lines = &lines[2..];
    assert_eq!(lines.len(), 3, "{output}");
    assert_eq!(lines[0]["method"], "GET");
    assert_eq!(lines[0]["path"], "/latest/meta-data/instance-id");
    assert_eq!(lines[0]["status"], 200);
    assert_eq!(lines[0]["bytes"], 19);
    assert_eq!(lines[0]["imds_version"], 1);
    assert!(lines[0]["duration_us"].is_u64());
    assert!(lines[0]["time"].as_str().unwrap().ends_with('Z'));
    assert!(lines[0]["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert_eq!(lines[1]["imds_version"], 2);
    assert_eq!(lines[2]["imds_version"], 2);
    assert_eq!(lines[2]["user_agent"], "a\tb");
}

#[test]
fn tokens_are_never_logged() {
    for format in ["text", "json"] {
        let program = Program::start(&["--log", format]);
        requests(&program);
        let output = program.stop();
        assert!(
            !output.contains("secret") && !output.contains("AQAEA"),
            "{output}"
        );
    }
}

#[test]
fn quiet_prints_only_the_ready_line() {
    let program = Program::start(&["--quiet"]);
    requests(&program);
    program.send("hello\r\n\r\n");
    assert_eq!(program.stop().lines().count(), 1);
}

/// Faults of every kind: with a response, without one, and with one whose
/// client has left.
#[test]
fn a_line_names_the_fault_that_applied() {
    let fault = |what: &str| {
        format!(
            "PUT /_imdsim/faults/odd HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n{what}",
            what.len()
        )
    };
    for (what, expected) in [
        (r#"{"status": 500}"#, " 500 0 B "),
        (r#"{"close": true}"#, " --- 0 B "),
        (r#"{"stall": true}"#, " --- 0 B "),
    ] {
        let program = Program::start(&[]);
        let made = program.send(fault(what));
        assert!(made.starts_with("HTTP/1.1 200 "), "{made}");
        let mut client = program.connect();
        client
            .write_all(b"GET /latest/ HTTP/1.1\r\nHost: test\r\n\r\n")
            .unwrap();
        if what.contains("stall") {
            let count = "GET /_imdsim/requests/count HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
            while !program.send(count).ends_with(r#"{"count":1}"#) {}
            drop(client);
        } else {
            let _ = client.read(&mut [0]);
        }
        program.wait_for(expected);
        program.wait_for(" fault odd\n");
    }
    let program = Program::start(&["--log", "json"]);
    program.send(fault(r#"{"status": 500}"#));
    program.get("/latest/");
    program.wait_for(r#""fault":"odd""#);
}

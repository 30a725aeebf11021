//! The request log.
#![cfg(unix)]

use crate::program::{Program, header};

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
fn people_get_one_line_a_request() {
    let program = Program::start(&[]);
    requests(&program);
    let output = program.stop();
    let lines: Vec<&str> = output.lines().skip(1).collect();
    assert_eq!(lines.len(), 3, "{output}");
    let (time, rest) = lines[0].split_once(' ').unwrap();
    assert_eq!(time.len(), "00:00:00.000".len());
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
fn machines_get_one_object_a_line() {
    let program = Program::start(&["--log", "json"]);
    requests(&program);
    let output = program.stop();
    let lines: Vec<serde_json::Value> = output
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
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
fn quiet_leaves_the_ready_line_only() {
    let program = Program::start(&["--quiet"]);
    requests(&program);
    program.send("hello\r\n\r\n");
    assert_eq!(program.stop().lines().count(), 1);
}

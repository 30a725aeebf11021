//! The absolute form: requests that name their target server.

use crate::program::{Program, body, header};

const LEAF: &str = "/latest/meta-data/instance-id";

/// Returns the response to a request with a URL as its target.
fn ask(program: &Program, method: &str, url: &str) -> String {
    program.send(format!(
        "{method} {url} HTTP/1.1\r\nHost: 169.254.169.254\r\nProxy-Connection: Keep-Alive\r\n\r\n"
    ))
}

#[track_caller]
fn refused(response: &str) {
    let start = "HTTP/1.1 403 Forbidden\r\n";
    assert!(response.starts_with(start), "{response}");
    let sentence = body(response);
    assert!(
        sentence.starts_with("imdsim is not a proxy: "),
        "{response}"
    );
    assert!(sentence.ends_with('\n') && sentence.lines().count() == 1);
    assert_eq!(header(response, "Connection"), Some("close"));
}

#[test]
fn requests_for_the_service_are_answered() {
    let program = Program::start(&["--http-tokens", "required"]);
    let own = format!("http://{}", program.address());
    for server in [
        "http://169.254.169.254",
        "http://169.254.169.254:80",
        "http://[fd00:ec2::254]",
        "http://instance-data",
        "http://instance-data.ec2.internal",
        &own,
    ] {
        let put = program.send(format!(
            "PUT {server}/latest/api/token HTTP/1.1\r\nHost: x\r\n\
             X-aws-ec2-metadata-token-ttl-seconds: 60\r\nContent-Length: 0\r\n\r\n"
        ));
        let token = body(&put);
        let got = program.send(format!(
            "GET {server}{LEAF} HTTP/1.1\r\nHost: x\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n"
        ));
        assert!(got.starts_with("HTTP/1.1 200 OK\r\n"), "{server}: {got}");
        assert!(body(&got).starts_with("i-"), "{server}: {got}");
    }
}

#[test]
fn requests_for_other_servers_are_rejected() {
    let program = Program::start(&[]);
    refused(&ask(&program, "GET", "http://example.com/"));
    refused(&ask(&program, "GET", "http://169.254.170.2/v2/credentials"));
    refused(&ask(&program, "GET", "http://127.0.0.1:1/latest/"));
    refused(&ask(&program, "GET", "https://169.254.169.254/latest/"));
    let sent = "x".repeat(500_000);
    refused(&program.send(format!(
        "PUT http://bucket.s3.amazonaws.com/key HTTP/1.1\r\nHost: bucket.s3.amazonaws.com\r\n\
         Content-Length: {}\r\n\r\n{sent}",
        sent.len()
    )));
}

#[test]
fn connect_is_rejected() {
    let program = Program::start(&[]);
    refused(&ask(&program, "CONNECT", "example.com:443"));
    refused(&ask(&program, "CONNECT", "169.254.169.254:80"));
    refused(&ask(&program, "CONNECT", program.address()));
}

#[test]
fn the_control_api_keeps_its_access_rules() {
    let program = Program::start(&[]);
    // Clients behind `http_proxy` may use any non-loopback host, and the `Host`
    // header is ignored.
    for server in ["169.254.169.254", "[fd00:ec2::254]", "instance-data"] {
        let response = program.send(format!(
            "POST http://{server}/_imdsim/reset HTTP/1.1\r\nHost: localhost\r\n\
             Content-Length: 0\r\n\r\n"
        ));
        let start = "HTTP/1.1 403 Forbidden\r\n";
        assert!(response.starts_with(start), "{server}: {response}");
        assert!(response.contains("IMDSIM_ADMIN_TOKEN"), "{response}");
    }
    refused(&ask(&program, "POST", "http://localhost/_imdsim/reset"));
    // At its own address it is as accessible as in the origin form.
    let url = format!("http://{}/_imdsim/health", program.address());
    let response = ask(&program, "GET", &url);
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    let url = format!("http://{}/_imdsim/instance", program.address());
    let response = ask(&program, "GET", &url);
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
}

#[test]
fn other_origins_are_rejected_in_the_absolute_form_too() {
    let program = Program::start(&[]);
    let response = program.send(format!(
        "POST http://{}/_imdsim/reset HTTP/1.1\r\nHost: localhost\r\n\
         Origin: http://example.com\r\nContent-Length: 0\r\n\r\n",
        program.address()
    ));
    let start = "HTTP/1.1 403 Forbidden\r\n";
    assert!(response.starts_with(start), "{response}");
}

#[test]
#[cfg(unix)]
fn the_log_has_only_the_name_of_the_other_server() {
    let program = Program::start(&[]);
    ask(&program, "GET", "http://169.254.169.254/latest/");
    ask(&program, "GET", "http://example.com/key?X-Amz-Signature=1");
    ask(&program, "CONNECT", "example.com:443");
    let said = program.stop();
    let lines: Vec<&str> = said.lines().skip(1).collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert!(lines[0].contains(" v1 GET  /latest/ 200 "), "{said}");
    assert!(lines[1].contains(" -- GET  example.com 403 "), "{said}");
    assert!(
        lines[2].contains(" -- CONNECT example.com:443 403 "),
        "{said}"
    );
}

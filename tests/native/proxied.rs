//! The proxy form: requests that name the server that they are meant for.

use crate::program::{Program, body, header};

const LEAF: &str = "/latest/meta-data/instance-id";

/// The answer to a request whose target is a whole URL.
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
    assert!(sentence.starts_with("imdsim is no proxy: "), "{response}");
    assert!(sentence.ends_with('\n') && sentence.lines().count() == 1);
    assert_eq!(header(response, "Connection"), Some("close"));
}

#[test]
fn the_service_answers_under_its_own_addresses() {
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
fn other_servers_are_refused_whatever_is_sent_to_them() {
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
fn a_tunnel_is_refused() {
    let program = Program::start(&[]);
    refused(&ask(&program, "CONNECT", "example.com:443"));
    refused(&ask(&program, "CONNECT", "169.254.169.254:80"));
    refused(&ask(&program, "CONNECT", program.address()));
}

#[test]
fn the_control_api_is_where_it_was() {
    let program = Program::start(&[]);
    // What a client behind `http_proxy` may name is no loopback host, and what
    // `Host` says beside it does not count.
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
    // Under its own address it is as open as without the proxy form.
    let url = format!("http://{}/_imdsim/health", program.address());
    let response = ask(&program, "GET", &url);
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    let url = format!("http://{}/_imdsim/instance", program.address());
    let response = ask(&program, "GET", &url);
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
}

#[test]
fn a_page_of_another_origin_is_refused_in_the_proxy_form_too() {
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
fn the_log_names_the_other_server_and_no_more() {
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

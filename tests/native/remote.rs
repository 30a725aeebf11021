//! Commands that control a running emulator.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use crate::program::{Program, body, command};

/// Returns stdout, stderr and the status of a command.
fn tell(address: &str, arguments: &[&str]) -> (String, String, Option<i32>) {
    let mut prepared = command(arguments);
    prepared.env("IMDSIM_URL", format!("http://{address}"));
    // No other server must receive a request.
    prepared.env("http_proxy", "http://127.0.0.1:1");
    let output = prepared.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        text(output.stdout),
        text(output.stderr),
        output.status.code(),
    )
}

/// The same for a command that succeeds.
#[track_caller]
fn told(program: &Program, arguments: &[&str]) -> String {
    let (printed, said, status) = tell(program.address(), arguments);
    assert_eq!((status, &*said), (Some(0), ""));
    printed
}

/// A server that answers every request with the same body and records the
/// requests.
fn canned(
    requests: usize,
    status: &'static str,
    reply: &'static str,
) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let thread = thread::spawn(move || {
        (0..requests)
            .map(|_| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    head.push(byte[0]);
                }
                let length = reply.len();
                write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{reply}"
                )
                .unwrap();
                String::from_utf8(head).unwrap()
            })
            .collect()
    });
    (address, thread)
}

#[test]
fn events_are_added_listed_and_cancelled() {
    let program = Program::start(&["--frozen-time", "2026-01-01T00:00:00Z"]);
    let url = format!("http://{}", program.address());
    let made = told(
        &program,
        &["--url", &url, "spot", "--action", "stop", "--in", "30s"],
    );
    // The same as when the emulator starts with this command.
    let rebalance = "1  2026-01-01T00:00:00Z  rebalance-recommendation\n";
    let spot = "2  2026-01-01T00:00:30Z  spot-interruption  stop  2026-01-01T00:02:30Z\n";
    assert_eq!(made, [rebalance, spot].concat());
    let made = told(
        &program,
        &[
            "events",
            "--code",
            "instance-stop",
            "--at",
            "2026-01-01T02:00:00+01:00",
            "--url",
            &url,
        ],
    );
    let maintenance = "3  2026-01-01T01:00:00Z  maintenance  instance-stop\n";
    assert_eq!(made, maintenance);
    let made = told(&program, &["--url", &url, "asg"]);
    let lifecycle = "4  2026-01-01T00:00:00Z  lifecycle-state  Terminated\n";
    assert_eq!(made, lifecycle);
    assert_eq!(
        told(&program, &["events", "list"]),
        [rebalance, lifecycle, spot, maintenance].concat()
    );
    told(&program, &["events", "cancel", "1", "2", "3"]);
    assert_eq!(told(&program, &["events", "list"]), lifecycle);
    told(&program, &["events", "cancel"]);
    assert_eq!(
        told(&program, &["events", "list", "--json"]),
        "{\n  \"events\": []\n}\n"
    );
}

#[test]
fn the_clock_is_frozen_shifted_and_released() {
    let program = Program::start(&[]);
    let frozen = told(&program, &["freeze", "2026-01-01T02:00:00+01:00"]);
    assert_eq!(frozen, "2026-01-01T01:00:00Z\n");
    let shifted = told(&program, &["shift", "-30m"]);
    assert_eq!(shifted, "2026-01-01T00:30:00Z\n");
    let shifted = told(&program, &["shift", "+1h"]);
    assert_eq!(shifted, "2026-01-01T01:30:00Z\n");
    let running = told(&program, &["shift", "--offset", "-6h"]);
    assert_ne!(running, shifted);
    let clock =
        program.send("GET /_imdsim/clock HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    assert!(body(&clock).contains("\"offset\":\"-6h\""), "{clock}");
    let here = told(&program, &["freeze"]);
    assert_eq!(told(&program, &["events", "list"]), "");
    let clock =
        program.send("GET /_imdsim/clock HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    assert!(
        body(&clock).contains(&format!("\"freeze\":\"{}\"", here.trim())),
        "{clock}"
    );
    assert_ne!(told(&program, &["release"]), here);
}

#[test]
fn maintenance_lasts_seven_days_in_new_and_running_emulators() {
    let frozen = ["--frozen-time", "2026-01-01T00:00:00Z"];
    let command = ["events", "--code", "instance-stop", "--in", "30s"];
    let started = Program::start(&[&command[..], &frozen].concat());
    let running = Program::start(&frozen);
    let url = format!("http://{}", running.address());
    told(&running, &[&command[..], &["--url", &url]].concat());
    for program in [started, running] {
        let events = told(&program, &["events", "list", "--json"]);
        assert!(
            events.contains(r#""NotAfter": "2026-01-08T00:00:30Z""#),
            "{events}"
        );
    }
}

#[test]
fn a_reset_restores_the_initial_state() {
    let program = Program::start(&[]);
    let url = format!("http://{}/", program.address());
    told(&program, &["--url", &url, "spot", "-d", "5"]);
    assert_eq!(told(&program, &["reset"]), "");
    assert_eq!(told(&program, &["events", "list"]), "");
}

#[test]
fn the_admin_token_is_sent() {
    let program = Program::start(&["--admin-token", "sesame"]);
    let (_, said, status) = tell(program.address(), &["reset"]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.starts_with("imdsim: "), "{said}");
    assert_eq!(said.lines().count(), 1);
    told(&program, &["reset", "--admin-token", "sesame"]);
}

#[test]
fn errors_of_the_emulator_are_printed() {
    let program = Program::start(&[]);
    let (_, said, status) = tell(program.address(), &["fault", "no-such-fault"]);
    assert_eq!(status, Some(1));
    assert!(said.starts_with("imdsim: "), "{said}");
    let (_, said, status) = tell(program.address(), &["shift", "far"]);
    assert_eq!(status, Some(1));
    assert_eq!(
        said,
        "imdsim: shift: \"far\" is not a duration; write it like +6h1s or -30m\n"
    );
}

#[test]
fn an_invalid_command_sends_no_request() {
    for (arguments, expected) in [
        (
            &["freeze", "noon"][..],
            "freeze: \"noon\" is not a time; write RFC 3339, as in 2026-01-01T00:00:00Z",
        ),
        (
            &["reset", "--url", "127.0.0.1:4719"],
            "--url: \"127.0.0.1:4719\" is not the address of an emulator; \
             write it like http://127.0.0.1:4719",
        ),
        (
            &["spot", "--url", "ftp://127.0.0.1"],
            "--url: \"ftp://127.0.0.1\" is not the address of an emulator; \
             write it like http://127.0.0.1:4719",
        ),
        (
            &["requests", "--count", "--json"],
            "--count: cannot be combined with --json; see `imdsim requests --help`",
        ),
    ] {
        let (_, said, status) = tell("127.0.0.1:1", arguments);
        assert_eq!(said, format!("imdsim: {expected}\n"));
        assert_eq!(status, Some(2));
    }
}

#[test]
fn an_unreachable_emulator_is_named_with_a_fix() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let (_, said, status) = tell(&address, &["reset"]);
    assert_eq!(status, Some(1));
    assert!(
        said.starts_with(&format!(
            "imdsim: http://{address}: no emulator answers here: "
        )),
        "{said}"
    );
    assert!(
        said.ends_with("; start one with `imdsim`, or give its address by --url\n"),
        "{said}"
    );
}

#[test]
fn other_servers_are_reported() {
    let (address, server) = canned(1, "200 OK", "<html>");
    let (_, said, status) = tell(&address, &["events", "list"]);
    assert_eq!(status, Some(1));
    assert_eq!(
        said,
        format!(
            "imdsim: http://{address}: the server at this address answered 200 OK and is not imdsim; \
             use the address of an imdsim emulator\n"
        )
    );
    server.join().unwrap();
}

#[test]
fn the_filters_are_sent_to_the_journal() {
    let reply = r#"{"requests": [{"time": "2026-01-01T00:00:00Z", "method": "GET",
        "path": "/latest/", "version": 1, "status": 200, "duration_us": 35}], "count": 1}"#;
    let (address, server) = canned(3, "200 OK", reply);
    let filters = [
        "--path",
        "/latest/**",
        "--version",
        "1",
        "--since",
        "2026-01-01T01:00:00+01:00",
    ];
    let (printed, _, _) = tell(&address, &[&["requests"], &filters[..]].concat());
    assert_eq!(
        printed,
        "2026-01-01T00:00:00Z  GET  /latest/  200  v1  35us\n"
    );
    let (printed, _, _) = tell(&address, &["requests", "--count", "--status", "200"]);
    assert_eq!(printed, "1\n");
    tell(&address, &["requests", "--clear"]);
    let asked: Vec<_> = server.join().unwrap();
    let lines: Vec<_> = asked
        .iter()
        .filter_map(|head| head.lines().next())
        .collect();
    assert_eq!(
        lines,
        [
            "GET /_imdsim/requests?path=%2Flatest%2F%2A%2A&version=1\
             &since=2026-01-01T00%3A00%3A00Z HTTP/1.1",
            "GET /_imdsim/requests/count?status=200 HTTP/1.1",
            "DELETE /_imdsim/requests HTTP/1.1",
        ]
    );
}

#[test]
fn a_preset_fault_is_put_by_name() {
    let reply = r#"{"faults": [{"id": "f1", "path": "/latest/**", "nth": 3, "status": 503}],
        "presets": [{"name": "throttled", "summary": "Too much is asked."}]}"#;
    let (address, server) = canned(4, "200 OK", reply);
    tell(&address, &["fault", "throttled"]);
    let (printed, _, _) = tell(&address, &["fault", "list"]);
    assert_eq!(
        printed,
        "Faults:\n  f1  path /latest/**, request number 3, status 503\n\
         Presets:\n  throttled  Too much is asked.\n"
    );
    tell(&address, &["fault", "clear"]);
    let asked: Vec<_> = server.join().unwrap();
    let lines: Vec<_> = asked
        .iter()
        .filter_map(|head| head.lines().next())
        .collect();
    assert_eq!(
        lines,
        [
            "PUT /_imdsim/faults/throttled HTTP/1.1",
            "GET /_imdsim/faults HTTP/1.1",
            "GET /_imdsim/faults/presets HTTP/1.1",
            "DELETE /_imdsim/faults HTTP/1.1",
        ]
    );
    assert!(
        asked[0].to_lowercase().contains("content-length: 0\r\n"),
        "{}",
        asked[0]
    );
}

#[test]
fn an_unknown_id_deletes_nothing() {
    let program = Program::start(&[]);
    told(&program, &["spot"]);
    let listed = told(&program, &["events", "list"]);
    for (arguments, expected) in [
        (
            &["events", "cancel", "1", "7/x"][..],
            "imdsim: 7/x: there is no event of this id; `imdsim events list` shows all\n",
        ),
        (
            &["fault", "clear", "slow"],
            "imdsim: slow: there is no fault of this id; `imdsim fault list` shows all\n",
        ),
    ] {
        let (printed, said, status) = tell(program.address(), arguments);
        assert_eq!((&*printed, &*said, status), ("", expected, Some(1)));
    }
    assert_eq!(told(&program, &["events", "list"]), listed);
}

/// `imdsim run` sets the variable, so no second server starts.
#[test]
fn the_variable_selects_the_emulator_for_all_commands() {
    let program = Program::start(&["--frozen-time", "2026-01-01T00:00:00Z"]);
    for (arguments, expected) in [
        (
            &["spot", "--in", "30s"][..],
            "1  2026-01-01T00:00:00Z  rebalance-recommendation",
        ),
        (&["events"], "3  2026-01-01T00:00:00Z  maintenance"),
        (
            &["asglifecycle"],
            "4  2026-01-01T00:00:00Z  lifecycle-state",
        ),
    ] {
        let made = told(&program, arguments);
        assert!(made.starts_with(expected), "{made}");
    }
}

#[test]
fn a_partial_path_without_matches_is_explained() {
    let program = Program::start(&[]);
    program.get("/latest/meta-data/ami-id");
    for flags in [&[][..], &["--count"]] {
        let path = ["requests", "--path", "ami-id"];
        let (_, said, status) = tell(program.address(), &[&path, flags].concat());
        assert_eq!(status, Some(0));
        assert_eq!(
            said,
            "imdsim: --path: \"ami-id\" is compared with whole paths; for what ends in it write \
             \"**/ami-id\", or a whole path, as in \"/latest/meta-data/ami-id\"\n"
        );
    }
    for pattern in ["**/ami-id", "latest/meta-data/ami-id"] {
        let printed = told(&program, &["requests", "--count", "--path", pattern]);
        assert_eq!(printed, "1\n");
    }
}

/// A TLS server with a certificate of its own authority.
#[test]
#[cfg(feature = "tls")]
fn tls_uses_the_system_certificates() {
    let authority = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new([]).unwrap();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = parameters.self_signed(&authority).unwrap();
    let issuer = rcgen::Issuer::new(parameters, authority);
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    let server = thread::spawn(move || {
        let mut asked = Vec::new();
        for _ in 0..2 {
            let (socket, _) = listener.accept().unwrap();
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, socket);
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                head.push(byte[0]);
            }
            let reply = "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"events\": []}";
            let _ = stream.write_all(reply.as_bytes());
            stream.conn.send_close_notify();
            let _ = stream.flush();
            asked.push(String::from_utf8(head).unwrap());
        }
        asked
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("root.pem");
    std::fs::write(&path, root.pem()).unwrap();
    let mut trusting = command(&["events", "list", "--json", "--url", &url]);
    let output = trusting.env("SSL_CERT_FILE", &path).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), &*said), (Some(0), ""));
    let stranger = command(&["reset", "--url", &url]).output().unwrap();
    let said = String::from_utf8_lossy(&stranger.stderr).into_owned();
    assert_eq!(stranger.status.code(), Some(1), "{said}");
    assert!(said.starts_with(&format!("imdsim: {url}: ")), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    let asked = server.join().unwrap();
    assert!(
        asked[0].starts_with("GET /_imdsim/events HTTP/1.1\r\n"),
        "{asked:?}"
    );
    assert_eq!(asked[1], "", "nothing is told to a stranger");
}

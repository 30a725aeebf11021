use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::Duration;

use crate::bodies;
use crate::crash_recovery::{self, LEAF, TOKEN, mint};
use crate::endpoint::Endpoint as _;
use crate::host::{self, Host};
use crate::load;

/// Claims and their tests.
pub(crate) const CLAIMS: [(&str, fn()); 10] = [
    ("what was changed outlives a killed host", outlives),
    ("concurrent writers lose nothing", nothing_is_lost),
    (
        "no acknowledged write is lost when the host is killed 200 times",
        survives_kills,
    ),
    (
        "without a folder only changes are refused",
        without_a_folder,
    ),
    ("a chunked body is read", bodies::chunked),
    ("a body above 1 MiB is refused", bodies::too_long),
    (
        "a call that is refused waits for no body",
        bodies::of_others,
    ),
    ("150 stalled requests hold up no others", stalls),
    ("a client cannot say which client it is", clients_are_one),
    ("`Host` alone opens no control API", host_alone),
];

fn outlives() {
    let folder = tempfile::tempdir().unwrap();
    crash_recovery::outlives(|| Host::start(Some(folder.path()), &[]));
}

fn nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::start(Some(folder.path()), &[]);
    load::nothing_is_lost(host.address());
}

/// Compiles the component only once, since compilation would dominate the test.
fn survives_kills() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let compiled = host::compile(folder.path());
    load::survives_kills(200, || {
        let host = Host::run(&compiled, Some(&state), &[]);
        let address = host.address().to_owned();
        (host, address)
    });
}

fn host_alone() {
    let closed = [("loopback_only".to_owned(), "false".to_owned())];
    let host = Host::start(None, &closed);
    for name in ["127.0.0.1", "localhost"] {
        let (status, problem) = host.call("POST /_imdsim/reset", &[("Host", name)], "");
        assert_eq!(status, 403);
        assert!(problem.contains("IMDSIM_LOOPBACK_ONLY"), "{problem}");
    }
    assert_eq!(host.call("GET /_imdsim/health", &[], "").0, 200);
}

fn without_a_folder() {
    let host = Host::start(None, &[]);
    let token = mint(&host, "21600");
    assert_eq!(host.call(LEAF, &[(TOKEN, &token)], "").0, 200);
    let (status, problem) = host.call("POST /_imdsim/reset", &[], "");
    assert_eq!(status, 503);
    assert!(problem.contains("--dir FOLDER::/state"), "{problem}");
}

/// A waiting instance cannot answer other requests, so their number is limited:
/// to 64 at most, around the start of a period.
fn stalls() {
    const STALLED: usize = 150;
    const MAY_WAIT: usize = 64;
    let folder = tempfile::tempdir().unwrap();
    let host = Host::start(Some(folder.path()), &[]);
    let fault = r#"{"path": "/latest/meta-data/ami-id", "stall": true}"#;
    assert_eq!(host.call("PUT /_imdsim/faults/stall", &[], fault).0, 200);
    let (close, closed) = mpsc::channel();
    let streams = [(); STALLED].map(|()| TcpStream::connect(host.address()).unwrap());
    std::thread::scope(|scope| {
        for mut stream in &streams {
            let close = close.clone();
            scope.spawn(move || {
                let request = "GET /latest/meta-data/ami-id HTTP/1.1\r\nHost: localhost\r\n\r\n";
                stream.write_all(request.as_bytes()).unwrap();
                // A connection may close with or without an error.
                let mut response = Vec::new();
                let _ = stream.read_to_end(&mut response);
                assert_eq!(response, b"", "a stalled request has no answer");
                let _ = close.send(());
            });
        }
        for _ in MAY_WAIT..STALLED {
            let minute = Duration::from_mins(1);
            closed
                .recv_timeout(minute)
                .expect("the others close at once");
        }
        for _ in 0..20 {
            assert_eq!(host.call(LEAF, &[], "").0, 200);
        }
        assert_eq!(host.call("POST /_imdsim/reset", &[], "").0, 200);
        for stream in &streams {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    });
}

/// This host does not report client addresses, so all clients count as one.
fn clients_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("mock_ip_count".to_owned(), "1".to_owned()),
        (
            "timeline".to_owned(),
            r#"[{"type": "spot-interruption"}]"#.to_owned(),
        ),
    ];
    let host = Host::start(Some(folder.path()), &settings);
    for address in ["10.0.0.1", "10.0.0.2"] {
        let peer = [("X-Imdsim-Peer", address)];
        let notice = host.call("GET /latest/meta-data/spot/instance-action", &peer, "");
        assert_eq!(notice.0, 200, "{address}");
    }
}

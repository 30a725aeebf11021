use std::sync::Arc;

use crate::crash_recovery::{self, LEAF, TOKEN, mint};
use crate::endpoint::Endpoint as _;
use crate::host::Host;
use crate::transcript::Message;
use crate::values::{Kind, Values};

/// Claims and their tests.
pub(crate) const CLAIMS: [(&str, fn()); 9] = [
    ("what was changed outlives the host", outlives),
    ("a token is valid until its second", until_its_second),
    ("two hosts lose nothing on SQLite", || {
        two_hosts(Kind::Sqlite);
    }),
    ("two hosts lose nothing on Redis", || two_hosts(Kind::Redis)),
    ("without a store only changes are refused", without_store),
    ("a variable that makes no sense is told", bad_variable),
    ("a body is read up to 1 MiB, whatever is said of it", bodies),
    ("a client cannot say which client it is", clients_are_one),
    ("`Host` alone opens no control API", host_alone),
];

/// Instances answer one request each, and only the store outlives the host.
fn outlives() {
    let values = Arc::new(Values::new(Kind::Sqlite));
    crash_recovery::outlives(|| Host::new(&values, &[]));
}

fn until_its_second() {
    let values = Arc::new(Values::new(Kind::Sqlite));
    let at = |second: &str| {
        let time = format!("2026-11-01T00:05:{second}Z");
        Host::new(&values, &[("frozen_time".to_owned(), time)])
    };
    let token = mint(&at("00"), "30");
    let answer = |host: Host| host.call(LEAF, &[(TOKEN, &*token)], "").0;
    assert_eq!(answer(at("29.999")), 200);
    assert_eq!(answer(at("30")), 401);
}

/// One host with each component, like replicas of different versions.
fn two_hosts(kind: Kind) {
    let values = Arc::new(Values::new(kind));
    nothing_is_lost(&[Host::new(&values, &[]), Host::universal(&values, &[])]);
}

/// 8 clients of hosts that share an initially empty state, each changing its own
/// leaves.
fn nothing_is_lost(hosts: &[Host]) {
    const CLIENTS: usize = 8;
    const CHANGES: usize = 10;
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let host = &hosts[client % hosts.len()];
            scope.spawn(move || {
                for change in 0..CHANGES {
                    let put = format!("PUT /_imdsim/overrides/meta-data/{client}/{change}");
                    let (status, body) = host.call(&put, &[], "x");
                    assert_eq!(status, 200, "{body}");
                    // Readers are served at the same time.
                    assert_eq!(host.call(LEAF, &[], "").0, 200);
                }
            });
        }
    });
    for client in 0..CLIENTS {
        let get = format!("GET /latest/meta-data/{client}/");
        let listing = hosts[0].call(&get, &[], "").1;
        assert_eq!(listing.lines().count(), CHANGES, "client {client}");
    }
}

fn without_store() {
    let values = Arc::new(Values::new(Kind::Sqlite));
    let host = Host::new(&values, &[]).without_store();
    let token = mint(&host, "21600");
    assert_eq!(host.call(LEAF, &[(TOKEN, &token)], "").0, 200);
    let (status, problem) = host.call("POST /_imdsim/reset", &[], "");
    assert_eq!(status, 503);
    assert!(problem.contains("key_value_stores"), "{problem}");
}

fn bad_variable() {
    let values = Arc::new(Values::new(Kind::Sqlite));
    let settings = [("http_tokens".to_owned(), "always".to_owned())];
    let (status, problem) = Host::new(&values, &settings).call(LEAF, &[], "");
    assert_eq!(status, 500);
    assert!(problem.contains("http_tokens"), "{problem}");
}

/// Without `Content-Length`, as chunked bodies are.
fn bodies() {
    let values = Arc::new(Values::new(Kind::Sqlite));
    for host in [Host::new(&values, &[]), Host::universal(&values, &[])] {
        let put = |body: String| {
            let response = host.exchange(&Message {
                start: "PUT /_imdsim/user-data".into(),
                headers: Vec::new(),
                body,
            });
            response.start
        };
        assert_eq!(put("hello".into()), "HTTP/1.1 200 OK");
        let refused = put("x".repeat(1024 * 1024 + 1));
        assert!(refused.starts_with("HTTP/1.1 413"), "{refused}");
        assert_eq!(host.call("GET /_imdsim/user-data", &[], "").1, "hello");
    }
}

/// Spin does not report client addresses, so all clients count as one.
fn clients_are_one() {
    let values = Arc::new(Values::new(Kind::Sqlite));
    let notice = r#"[{"type": "spot-interruption"}]"#;
    let settings = [("mock_ip_count", "1"), ("timeline", notice)];
    let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let host = Host::new(&values, &settings);
    for address in ["10.0.0.1", "10.0.0.2"] {
        let peer = [("x-imdsim-peer", address)];
        let notice = host.call("GET /latest/meta-data/spot/instance-action", &peer, "");
        assert_eq!(notice.0, 200, "{address}");
    }
}

fn host_alone() {
    let values = Arc::new(Values::new(Kind::Sqlite));
    let closed = [("loopback_only".to_owned(), "false".to_owned())];
    for host in [
        Host::new(&values, &closed),
        Host::universal(&values, &closed),
    ] {
        for name in ["127.0.0.1", "localhost"] {
            let (status, problem) = host.call("POST /_imdsim/reset", &[("Host", name)], "");
            assert_eq!(status, 403);
            assert!(problem.contains("IMDSIM_LOOPBACK_ONLY"), "{problem}");
        }
        assert_eq!(host.call("GET /_imdsim/health", &[], "").0, 200);
    }
}

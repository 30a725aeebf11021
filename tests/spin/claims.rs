use std::sync::Arc;

use crate::endpoint::Endpoint as _;
use crate::host::Host;
use crate::survival::{self, LEAF, TOKEN, mint};
use crate::values::{Kind, Values};

/// What is claimed, and how it is proven.
pub(crate) const CLAIMS: [(&str, fn()); 6] = [
    ("what was changed outlives the host", outlives),
    ("a token is valid until its second", until_its_second),
    ("two hosts lose nothing on SQLite", || {
        two_hosts(Kind::Sqlite);
    }),
    ("two hosts lose nothing on Redis", || two_hosts(Kind::Redis)),
    ("without a store only changes are refused", without_store),
    ("a variable that makes no sense is told", bad_variable),
];

/// An instance answers one request and is gone; of the host, too, nothing is
/// left but the store.
fn outlives() {
    let values = Arc::new(Values::new(Kind::Sqlite));
    survival::outlives(|| Host::new(&values, &[]));
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

/// One of each component, as two replicas of different age may be.
fn two_hosts(kind: Kind) {
    let values = Arc::new(Values::new(kind));
    nothing_is_lost(&[Host::new(&values, &[]), Host::universal(&values, &[])]);
}

/// 8 clients of hosts that share a state, each with changes to leaves of its
/// own, from before there is any document.
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
                    // Readers are served meanwhile.
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

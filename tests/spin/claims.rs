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
    survival::nothing_is_lost(&[Host::new(&values, &[]), Host::universal(&values, &[])]);
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

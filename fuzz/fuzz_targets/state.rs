//! Arbitrary state document and counters in the store: reads are answered and
//! change nothing, and a reset restores the default state.
#![no_main]

use http::Method;
use imdsim::{STATE_KEY, COUNTERS_KEY};
use imdsim_fuzz::{Host, SEPARATOR};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let (state, counters) = input.split_once(SEPARATOR).unwrap_or((input, ""));
    let mut host = Host::new([("http_tokens", "optional"), ("mock_ip_count", "1")]);
    host.store
        .insert(STATE_KEY.to_owned(), state.as_bytes().to_vec());
    host.store
        .insert(COUNTERS_KEY.to_owned(), counters.as_bytes().to_vec());
    for path in [
        "/",
        "/latest/meta-data/",
        "/latest/meta-data/spot/instance-action",
    ] {
        host.status(Method::GET, path);
        host.status(Method::HEAD, path);
        assert_eq!(host.store[STATE_KEY], state.as_bytes());
    }
    for path in [
        "health",
        "instance",
        "snapshot",
        "events",
        "faults",
        "clock",
        "overrides",
    ] {
        host.status(Method::GET, &format!("/_imdsim/{path}"));
    }
    assert_eq!(host.status(Method::POST, "/_imdsim/reset"), 200);
    for path in ["/_imdsim/health", "/", "/latest/meta-data/"] {
        assert_eq!(host.status(Method::GET, path), 200);
    }
});

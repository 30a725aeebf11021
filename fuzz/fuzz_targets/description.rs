//! Arbitrary description, timeline and overrides at start-up: they are rejected,
//! or served now and after every event.
#![no_main]

use http::Method;
use imdsim_fuzz::{Host, SEPARATOR};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let keys = ["instance", "timeline", "overrides"];
    let settings = keys.into_iter().zip(input.split(SEPARATOR));
    let settings = settings.filter(|(_, text)| !text.trim().is_empty());
    let mut host = Host::new(settings.chain([("http_tokens", "optional")]));
    if host.status(Method::GET, "/_imdsim/health") != 200 {
        return;
    }
    for seconds in [0, 10, 86_400, 100 * 31_536_000] {
        host.now = host.now.plus_seconds(seconds);
        assert_eq!(host.status(Method::GET, "/_imdsim/health"), 200);
        for path in ["/", "/latest/", "/latest/meta-data/"] {
            let status = host.status(Method::GET, path);
            // Faults of the timeline may apply to these requests, too.
            let faults = input.contains("fault");
            assert!(
                faults || matches!(status, 200 | 401 | 403 | 404),
                "{path}: {status}"
            );
        }
    }
    assert_eq!(host.status(Method::POST, "/_imdsim/reset"), 200);
});

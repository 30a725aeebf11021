//! A path and a path pattern, one per line: the path is normalised completely,
//! and the pattern matches as specified.
#![no_main]

use http::{Method, Request};
use imdsim::normalize;
use imdsim_fuzz::Host;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let (target, pattern) = input.split_once('\n').unwrap_or((input, ""));
    let path = normalize(target).into_owned();
    for name in path.split('/').filter(|_| !path.is_empty()) {
        assert!(!name.is_empty() && name != "." && name != "..", "{name:?}");
    }
    let mut host = Host::new([("journal", "2")]);
    let Ok(request) = Request::get(target).body(Vec::new()) else {
        return;
    };
    let path = normalize(request.uri().path()).into_owned();
    // The journal truncates longer paths.
    if request.uri().path().len() > 512
        || path.starts_with("_imdsim")
        || path.starts_with("_parlel")
    {
        return;
    }
    host.send(&request);
    let escaped: String = pattern.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let count = Request::get(format!("/_imdsim/requests/count?path={escaped}"))
        .header("host", "localhost")
        .body(Vec::new())
        .expect("the request is valid");
    let answer = host.send(&count);
    if answer.status != 200 {
        assert_eq!(answer.status, 400);
        return;
    }
    let names = |text: &str| {
        let names = text.split('/').filter(|name| !name.is_empty());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    let expected = matches(&names(pattern), &names(&path));
    let expected = format!("{{\"count\":{}}}", u8::from(expected));
    assert_eq!(String::from_utf8_lossy(&answer.body), expected);
    assert_eq!(host.status(Method::GET, "/_imdsim/health"), 200);
});

/// Whether a pattern matches a path, by dynamic programming over their prefixes.
fn matches(pattern: &[String], path: &[String]) -> bool {
    let mut before = vec![false; path.len() + 1];
    before[0] = true;
    for wanted in pattern {
        let mut after = vec![false; path.len() + 1];
        for length in 0..=path.len() {
            after[length] = match &**wanted {
                "**" => before[length] || length > 0 && after[length - 1],
                "*" => length > 0 && before[length - 1],
                name => length > 0 && before[length - 1] && path[length - 1] == name,
            };
        }
        before = after;
    }
    before[path.len()]
}

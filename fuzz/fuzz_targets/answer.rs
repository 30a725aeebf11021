//! Settings and requests in the format of `tests/golden`. Every request gets a
//! response, and the emulator still works after every accepted control call.
#![no_main]

use http::{Method, Request};
use imdsim::STATE_KEY;
use imdsim_fuzz::{Host, SEPARATOR};
use libfuzzer_sys::fuzz_target;

/// Limit that keeps each run fast.
const MAX_REQUESTS: usize = 30;

fuzz_target!(|input: &str| {
    let is_preamble = |line: &&str| line.starts_with("@ ") || line.starts_with("# ");
    let preamble = input.lines().take_while(is_preamble);
    let settings = preamble.filter_map(|line| line.strip_prefix("@ ")?.split_once(' '));
    let mut host = Host::new(settings);
    let requests: String = input
        .split_inclusive('\n')
        .skip_while(|line| is_preamble(line))
        .collect();
    for text in requests.split(SEPARATOR).take(MAX_REQUESTS) {
        let Some(request) = read(text) else { continue };
        let revision = host.store.get(STATE_KEY).cloned();
        let status = host.send(&request).status.as_u16();
        if status == 200 && host.store.get(STATE_KEY) != revision.as_ref() {
            assert_eq!(host.status(Method::GET, "/_imdsim/health"), 200);
            let reading = host.status(Method::GET, "/latest/meta-data/");
            let faults = String::from_utf8_lossy(&host.store[STATE_KEY]).contains("\"fault\"");
            assert!(
                faults || matches!(reading, 200 | 401 | 403 | 404),
                "{reading}"
            );
        }
    }
});

/// Parses a request; ignores the response that follows it in a transcript.
fn read(text: &str) -> Option<Request<Vec<u8>>> {
    let text = text.trim_start_matches('\n');
    let text = text.split("\n\nHTTP/1.1 ").next()?;
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(target);
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        request = request.header(name, value);
    }
    request.body(body.as_bytes().to_vec()).ok()
}

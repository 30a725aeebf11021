//! Any request, settings and stored bytes: an answer, always.
#![no_main]

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use http::Request;
use imdsim::{Ambient, Course, Emulator, STATE_KEY, TALLY_KEY, UnixMillis};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    method: &'a str,
    target: &'a str,
    headers: Vec<(Name<'a>, &'a [u8])>,
    body: &'a [u8],
    stored: Option<&'a [u8]>,
    tally: Option<&'a [u8]>,
    timeline: Option<&'a str>,
    instance: Option<&'a str>,
    required: bool,
    now: i64,
}

#[derive(Arbitrary, Debug)]
enum Name<'a> {
    Token,
    Ttl,
    ForwardedFor,
    Host,
    Authorization,
    Origin,
    Other(&'a str),
}

impl Name<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Token => "x-aws-ec2-metadata-token",
            Self::Ttl => "x-aws-ec2-metadata-token-ttl-seconds",
            Self::ForwardedFor => "x-forwarded-for",
            Self::Host => "host",
            Self::Authorization => "authorization",
            Self::Origin => "origin",
            Self::Other(name) => name,
        }
    }
}

fuzz_target!(|input: Input<'_>| {
    let mut request = Request::builder().method(input.method).uri(input.target);
    for (name, value) in &input.headers {
        request = request.header(name.text(), *value);
    }
    let Ok(request) = request.body(input.body.to_vec()) else {
        return;
    };
    let mut settings = vec![("IMDSIM_ADMIN_TOKEN".to_owned(), "admin".to_owned())];
    if input.required {
        settings.push(("IMDSIM_HTTP_TOKENS".into(), "required".into()));
    }
    if let Some(instance) = input.instance {
        settings.push(("IMDSIM_INSTANCE".into(), instance.into()));
    }
    if let Some(timeline) = input.timeline {
        settings.push(("IMDSIM_TIMELINE".into(), timeline.into()));
    }
    settings.push(("IMDSIM_JOURNAL".into(), "2".into()));
    settings.push(("IMDSIM_MOCK_IP_COUNT".into(), "1".into()));
    let mut emulator = Emulator::from_env(settings);
    let ambient = Ambient {
        now: UnixMillis(input.now),
        entropy: [0; 32],
    };
    let mut store = BTreeMap::new();
    if let Some(tally) = input.tally {
        store.insert(TALLY_KEY.to_owned(), tally.to_vec());
    }
    emulator.recall(input.stored, ambient.now, &request, &mut store);
    let outcome = emulator.answer(input.stored, ambient, &request);
    let stated = {
        let headers = &outcome.response.headers;
        let length = headers.iter().find(|(name, _)| name == "content-length");
        length.unwrap().1.clone()
    };
    if request.method() != http::Method::HEAD {
        assert_eq!(stated, outcome.response.body.len().to_string());
    }
    if let Some(entry) = outcome.entry {
        let course = Course {
            arrived: input.now.unsigned_abs(),
            took: outcome.delay,
            random: 0,
        };
        emulator.record(entry, course, &mut store);
    }
    if let Some(swap) = outcome.swap {
        store.insert(swap.key.to_owned(), swap.next);
        let stored = store.get(STATE_KEY).cloned();
        emulator.recall(stored.as_deref(), ambient.now, &request, &mut store);
        emulator.answer(stored.as_deref(), ambient, &request);
    }
});

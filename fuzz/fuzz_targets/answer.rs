//! Any request, settings and stored bytes: an answer, always.
#![no_main]

use arbitrary::Arbitrary;
use http::Request;
use imdsim::{Ambient, Emulator, UnixMillis};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    method: &'a str,
    target: &'a str,
    headers: Vec<(Name<'a>, &'a [u8])>,
    body: &'a [u8],
    stored: Option<&'a [u8]>,
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
    let mut emulator = Emulator::from_env(settings);
    let ambient = Ambient {
        now: UnixMillis(input.now),
        entropy: [0; 32],
    };
    let outcome = emulator.answer(input.stored, ambient, &request);
    let stated = {
        let headers = &outcome.response.headers;
        let length = headers.iter().find(|(name, _)| name == "content-length");
        length.unwrap().1.clone()
    };
    if request.method() != http::Method::HEAD {
        assert_eq!(stated, outcome.response.body.len().to_string());
    }
    if let Some(next) = outcome.next_state {
        emulator.answer(Some(&next), ambient, &request);
    }
});

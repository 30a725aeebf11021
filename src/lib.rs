//! The EC2 Instance Metadata Service, emulated.

/// The key of the state document.
pub const STATE_KEY: &str = "imdsim/state";

use std::time::Duration;

use http::{Request, Response};

/// What a host hands in with each request because the core may not ask for it.
#[derive(Clone, Copy, Debug)]
pub struct Ambient {
    /// The wall clock when the request arrived, in milliseconds since 1970.
    pub now_ms: u64,
    /// Fresh random bytes, enough for anything one request can need.
    pub entropy: [u8; 32],
}

/// What the host must do next.
#[derive(Debug)]
pub struct Outcome {
    /// What the client gets, once everything below is done.
    pub response: Response<Vec<u8>>,
    /// The state document to store in place of the one that was read.
    pub next_state: Option<Vec<u8>>,
    /// How long to wait before the response is sent.
    pub delay: Duration,
}

/// One emulated instance.
#[derive(Debug)]
pub struct Emulator;

impl Emulator {
    /// Reads the settings from environment variables.
    pub fn from_env(_: impl IntoIterator<Item = (String, String)>) -> Self {
        Self
    }

    /// Answers one request.
    pub fn answer(
        &mut self,
        _stored: Option<&[u8]>,
        _ambient: Ambient,
        request: &Request<Vec<u8>>,
    ) -> Outcome {
        let body = request.uri().path().as_bytes().to_vec();
        let response = Response::builder()
            .header("content-length", body.len())
            .body(body)
            .expect("a fixed response");
        Outcome {
            response,
            next_state: None,
            delay: Duration::ZERO,
        }
    }

    /// The answer when the host cannot store a change.
    pub fn unstorable(&self, _reason: &str) -> Response<Vec<u8>> {
        Response::new(Vec::new())
    }
}

/// What a person did wrong: where, what, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(pub String);

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

/// Settings as given, before they mean anything. Keys are those of the
/// configuration document, for instance `http_tokens`.
#[derive(Clone, Debug, Default)]
pub struct Settings;

impl Settings {
    /// Reads a configuration document (`IMDSIM_CONFIG`, `--config FILE`).
    /// `place` names it in a complaint.
    pub fn parse(_place: &str, _document: &str) -> Result<Self, Problem> {
        Ok(Self)
    }

    /// Sets one key from text, as an environment variable or a flag gives it;
    /// `place` names that variable or flag.
    pub fn set(&mut self, _place: &str, _key: &str, _text: &str) -> Result<(), Problem> {
        Ok(())
    }

    /// Lets what `later` says win over what is here.
    pub fn overlay(&mut self, _later: Self) {}

    /// The document that says the same: what a host hands to the component.
    pub fn to_json(&self) -> String {
        "{}".to_owned()
    }
}

/// Settings that have been understood.
#[derive(Clone, Debug)]
pub struct Config;

impl Config {
    /// Understands all settings together.
    pub fn new(_settings: &Settings) -> Result<Self, Problem> {
        Ok(Self)
    }
}

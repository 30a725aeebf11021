//! Transcripts: requests and the exact responses to them, as text files.
//!
//! A file begins with comments (`# …`) and settings (`@ key value`). Exchanges
//! follow, each ending in `###`: a request, a blank line, and the response as on
//! the wire, or `(no answer)`. A request body follows its own blank line.
//! `@ instance` names a file in `tests/data`; `{token}` in a request is the
//! latest token.

use std::fmt::Write as _;
use std::path::PathBuf;

pub(crate) use files::folder;

#[allow(dead_code, reason = "some tests use only a part")]
#[path = "files.rs"]
pub(crate) mod files;

/// A file of exchanges.
pub(crate) struct Transcript {
    pub(crate) path: PathBuf,
    pub(crate) settings: Vec<(String, String)>,
    preamble: String,
    pub(crate) exchanges: Vec<Exchange>,
}

/// One request with its response.
pub(crate) struct Exchange {
    pub(crate) request: Message,
    pub(crate) response: Message,
}

/// A start line, headers in order, and a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) start: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// Placeholder for a connection that closes without a response.
const SILENCE: &str = "\n\n(no answer)";

/// All transcripts, by name.
pub(crate) fn all() -> Vec<Transcript> {
    let paths = files::with_extension("golden", "http");
    paths.into_iter().map(Transcript::read).collect()
}

impl Transcript {
    fn read(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).unwrap();
        let end = text.find("\n\n").expect("a blank line ends the preamble");
        let (preamble, exchanges) = text.split_at(end + 2);
        let settings = preamble
            .lines()
            .filter_map(|line| line.strip_prefix("@ ")?.split_once(' '))
            .map(|(key, value)| (key.to_owned(), setting(key, value)))
            .collect();
        let exchanges = exchanges
            .split_terminator("\n###\n")
            .map(|exchange| {
                let exchange = exchange.trim_start_matches('\n');
                let (request, response) = match exchange.split_once("\n\nHTTP/1.1 ") {
                    Some((request, response)) => (request, format!("HTTP/1.1 {response}")),
                    None => (exchange.trim_end_matches(SILENCE), String::new()),
                };
                Exchange {
                    request: Message::parse(request),
                    response: Message::parse(&response),
                }
            })
            .collect();
        Self {
            settings,
            preamble: preamble.to_owned(),
            exchanges,
            path,
        }
    }

    /// Sends every request through `send` and compares the responses. With
    /// `UPDATE_GOLDEN` set, rewrites the file instead.
    pub(crate) fn replay(&self, mut send: impl FnMut(&Message) -> Message) {
        let update = files::updating();
        let mut text = self.preamble.clone();
        let mut token = String::new();
        for Exchange { request, response } in &self.exchanges {
            let answer = send(&request.with_token(&token));
            let mints = request.start.starts_with("PUT ") && request.start.contains("/api/token");
            if mints && answer.start.contains("200") {
                token.clone_from(&answer.body);
            }
            if !update {
                let place = format!("{}: {}", self.path.display(), request.start);
                assert_eq!(answer.to_string(), response.to_string(), "{place}");
            }
            write!(text, "{request}\n\n{answer}\n###\n\n").unwrap();
        }
        if update {
            std::fs::write(&self.path, text.trim_end().to_owned() + "\n").unwrap();
        }
    }
}

/// The value of a setting; the content of a file for `instance`.
fn setting(key: &str, value: &str) -> String {
    if key != "instance" {
        return value.to_owned();
    }
    std::fs::read_to_string(folder().join("data").join(value)).unwrap()
}

impl Message {
    fn with_token(&self, token: &str) -> Self {
        let mut message = self.clone();
        for (_, value) in &mut message.headers {
            *value = value.replace("{token}", token);
        }
        message
    }

    pub(crate) fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        Self {
            start: lines.next().unwrap_or_default().to_owned(),
            headers: lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
                .collect(),
            body: body.to_owned(),
        }
    }
}

impl std::fmt::Display for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.start.is_empty() {
            return f.write_str(SILENCE.trim_start());
        }
        write!(f, "{}", self.start)?;
        for (name, value) in &self.headers {
            write!(f, "\n{name}: {value}")?;
        }
        if self.body.is_empty() {
            return Ok(());
        }
        write!(f, "\n\n{}", self.body)
    }
}

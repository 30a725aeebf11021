//! The journal of requests to the metadata service. Each entry has its own key,
//! so that writing needs no lock and several hosts can share a journal.
//!
//! The journal contains no secrets: session tokens appear as fingerprints.

use std::time::Duration;

use http::StatusCode;
use http::header::USER_AGENT;
use serde_json::Value;

use crate::hex;
use crate::request::MetadataRequest;
use crate::small_sort::sorted;
use crate::store::{JOURNAL_PREFIX, METRICS_PREFIX, Store};
use crate::time::UnixMillis;
use crate::token::Fingerprint;

/// The CloudWatch name of the counter of answered requests without a token.
const NO_TOKEN: &str = "MetadataNoToken";
/// The CloudWatch name of the counter of requests rejected for a missing token.
const NO_TOKEN_REJECTED: &str = "MetadataNoTokenRejected";

/// Maximum length of a client's text in bytes; longer texts are truncated.
const MAX_TEXT_LEN: usize = 512;

/// A journal entry without its duration, which only the host knows.
#[derive(Debug)]
pub struct Entry {
    /// The beginning of a JSON object, built without a map because every request
    /// writes one.
    json: String,
    version: u8,
    /// The counter to increment.
    counter: Option<&'static str>,
}

/// The arrival and duration of a request by the host's clock.
#[derive(Clone, Copy, Debug)]
pub struct RequestTiming {
    /// The arrival in nanoseconds since 1970.
    pub arrived: u64,
    /// The duration. It is recorded as zero if a setting freezes the clock.
    pub took: Duration,
    /// Returns a random start for numbering this instance's entries, so that the
    /// numbers of several instances differ.
    pub random: fn() -> u64,
}

impl Entry {
    /// Starts the entry of a request.
    pub(crate) fn new(request: &MetadataRequest<'_>, now: UnixMillis) -> Self {
        let mut entry = Self {
            json: String::with_capacity(256),
            version: request.version,
            counter: None,
        };
        entry.json.push('{');
        entry.text("time", &now.iso_millis());
        entry.text("method", truncated(request.method.as_str()));
        entry.text("path", truncated(request.target));
        entry.number("version", request.version.into());
        if let Some(agent) = request.headers.get(USER_AGENT) {
            let agent = String::from_utf8_lossy(agent.as_bytes());
            entry.text("user_agent", truncated(&agent));
        }
        entry
    }

    /// Adds the status; `None` if the connection closes without a response.
    pub(crate) fn answered(&mut self, status: Option<StatusCode>) {
        let Some(status) = status else { return };
        self.number("status", status.as_u16().into());
        self.counter = match (self.version, status.as_u16()) {
            (1, 401) => Some(NO_TOKEN_REJECTED),
            (1, 200..=399 | 404) => Some(NO_TOKEN),
            _ => None,
        };
    }

    /// Adds the id of the fault that applied.
    pub(crate) fn applied_fault(&mut self, fault: &str) {
        self.text("fault", fault);
    }

    /// Adds the fingerprint of the token that was sent or issued.
    pub(crate) fn token(&mut self, fingerprint: Fingerprint) {
        self.text("token", &hex::encode(&fingerprint));
    }

    /// Adds the age of the token in seconds.
    pub(crate) fn token_age(&mut self, seconds: u64) {
        self.number("token_age", seconds);
    }

    fn text(&mut self, key: &str, text: &str) {
        let is_plain = |byte: u8| byte >= b' ' && !matches!(byte, b'"' | b'\\');
        self.key(key);
        if text.bytes().all(is_plain) {
            self.json.push('"');
            self.json.push_str(text);
            self.json.push('"');
        } else {
            self.json.push_str(&Value::from(text).to_string());
        }
    }

    fn number(&mut self, key: &str, number: u64) {
        self.key(key);
        self.json.push_str(itoa::Buffer::new().format(number));
    }

    fn key(&mut self, key: &str) {
        if self.json.len() > 1 {
            self.json.push(',');
        }
        self.json.push('"');
        self.json.push_str(key);
        self.json.push_str("\":");
    }
}

/// Stores the entry with this number, and deletes the oldest entries above
/// `capacity`.
pub(crate) fn record(
    mut entry: Entry,
    timing: RequestTiming,
    number: u64,
    capacity: usize,
    store: &mut impl Store,
) {
    let micros = u64::try_from(timing.took.as_micros()).unwrap_or(u64::MAX);
    entry.number("duration_us", micros);
    entry.json.push('}');
    store.set(&key(timing.arrived, number), entry.json.as_bytes());
    if let Some(counter) = entry.counter {
        store.add(&counter_key(counter), 1);
    }
    // Listing all keys is expensive, so trim only now and then.
    let every = u64::try_from(capacity / 2).unwrap_or(u64::MAX).max(1);
    if number.is_multiple_of(every) {
        let keys = keys(store);
        for key in &keys[..keys.len().saturating_sub(capacity)] {
            store.delete(key);
        }
    }
}

/// The key of an entry. The time has twenty digits, so keys sort by time.
fn key(arrived: u64, number: u64) -> String {
    let mut digits = itoa::Buffer::new();
    let arrived = digits.format(arrived);
    let mut key = String::with_capacity(JOURNAL_PREFIX.len() + 37);
    key.push_str(JOURNAL_PREFIX);
    key.extend(std::iter::repeat_n('0', 20 - arrived.len()));
    key.push_str(arrived);
    key.push('-');
    key.push_str(&hex::encode(&number.to_be_bytes()));
    key
}

/// The contents of the journal.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// Oldest first.
    pub(crate) entries: Vec<Value>,
    /// By CloudWatch name. Trimmed entries stay counted.
    pub(crate) counters: [(&'static str, i64); 2],
    /// The keys of all entries.
    pub(crate) keys: Vec<String>,
}

impl Journal {
    /// Loads the last `capacity` entries and the counters.
    pub(crate) fn read(capacity: usize, store: &mut impl Store) -> Self {
        let mut journal = Self::keys(store);
        let first = journal.keys.len().saturating_sub(capacity);
        journal.entries = journal.keys[first..]
            .iter()
            .filter_map(|key| serde_json::from_slice(&store.get(key)?).ok())
            .collect();
        journal.counters =
            [NO_TOKEN, NO_TOKEN_REJECTED].map(|name| (name, store.add(&counter_key(name), 0)));
        journal
    }

    /// Loads the keys only.
    pub(crate) fn keys(store: &mut impl Store) -> Self {
        Self {
            keys: keys(store),
            ..Self::default()
        }
    }

    /// The keys to delete to empty the journal.
    pub(crate) fn all_keys(&self) -> Vec<String> {
        let counters = [NO_TOKEN, NO_TOKEN_REJECTED].map(counter_key);
        self.keys.iter().cloned().chain(counters).collect()
    }
}

/// The keys of all entries, oldest first.
fn keys(store: &mut impl Store) -> Vec<String> {
    let keys = store.keys().into_iter();
    sorted(keys.filter(|key| key.starts_with(JOURNAL_PREFIX)))
}

fn counter_key(name: &str) -> String {
    format!("{METRICS_PREFIX}{name}")
}

fn truncated(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT_LEN)]
}

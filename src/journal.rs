//! The journal of requests to the metadata service. Each entry has its own key,
//! so that writing needs no lock and several hosts can share a journal.
//!
//! The journal contains no secrets: session tokens appear as fingerprints.

use std::time::Duration;

use http::Request;
use http::header::USER_AGENT;
use serde_json::Value;

use crate::hex;
use crate::store::{JOURNAL_PREFIX, METRICS_PREFIX, Store};
use crate::time::UnixMillis;
use crate::token::Fingerprint;

/// The CloudWatch name of the counter of answered requests without a token.
const NO_TOKEN: &str = "MetadataNoToken";
/// The CloudWatch name of the counter of requests rejected for a missing token.
const NO_TOKEN_REJECTED: &str = "MetadataNoTokenRejected";
const COUNTERS: [&str; 2] = [NO_TOKEN, NO_TOKEN_REJECTED];

/// Maximum length of a client's text in bytes; longer texts are truncated.
const MAX_TEXT_LEN: usize = 512;

/// What the journal records of a request beyond its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The emulated time of the request.
    pub time: UnixMillis,
    /// The IMDS version of the request.
    pub version: u8,
    /// The status of the response; `None` if the connection closes without one.
    pub status: Option<u16>,
    /// The fingerprint of the token that was sent or issued.
    pub token: Option<Fingerprint>,
    /// The age in seconds of the token that was sent, if it was issued here.
    pub token_age: Option<u64>,
    /// The maximum number of entries in the journal.
    pub capacity: u32,
    /// Whether a setting freezes the clock: durations are then zero.
    pub is_frozen: bool,
}

/// A request as the host saw it.
#[derive(Debug)]
pub struct RecordedRequest<'r, B> {
    /// The request.
    pub request: &'r Request<B>,
    /// The id of the fault that applied.
    pub fault: Option<&'r str>,
    /// The arrival by the host's clock, in nanoseconds since 1970.
    pub arrived: u64,
    /// The duration, with the delay of the response.
    pub took: Duration,
}

impl Entry {
    /// Stores the entry under a number, and deletes the oldest entries above the
    /// capacity. A host numbers its entries from a random start, so that the
    /// numbers of several hosts differ.
    pub fn record<B>(self, recorded: &RecordedRequest<'_, B>, number: u64, store: &mut impl Store) {
        let json = self.to_json(recorded);
        store.set(&key(recorded.arrived, number), json.as_bytes());
        let counter = match (self.version, self.status) {
            (1, Some(200..=399 | 404)) => Some(NO_TOKEN),
            (1, Some(401)) => Some(NO_TOKEN_REJECTED),
            _ => None,
        };
        if let Some(counter) = counter {
            store.add(&counter_key(counter), 1);
        }
        // Listing all keys is expensive, so trim only now and then.
        let every = u64::from(self.capacity / 2).max(1);
        if number.is_multiple_of(every) {
            let capacity = usize::try_from(self.capacity).unwrap_or(usize::MAX);
            store.trim(JOURNAL_PREFIX, capacity);
        }
    }

    fn to_json<B>(self, recorded: &RecordedRequest<'_, B>) -> String {
        let request = recorded.request;
        let took = if self.is_frozen {
            Duration::ZERO
        } else {
            recorded.took
        };
        let mut object = JsonObject::default();
        object.text("time", &self.time.iso_millis());
        object.text("method", truncated(request.method().as_str()));
        object.text("path", truncated(request.uri().path()));
        object.number("version", self.version.into());
        if let Some(agent) = request.headers().get(USER_AGENT) {
            let agent = String::from_utf8_lossy(agent.as_bytes());
            object.text("user_agent", truncated(&agent));
        }
        if let Some(status) = self.status {
            object.number("status", status.into());
        }
        if let Some(fault) = recorded.fault {
            object.text("fault", fault);
        }
        if let Some(token) = self.token {
            object.text("token", &hex::encode(&token));
        }
        if let Some(age) = self.token_age {
            object.number("token_age", age);
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        object.number("duration_us", micros);
        object.end()
    }
}

/// A JSON object, built without a map because every request writes one.
struct JsonObject(String);

impl Default for JsonObject {
    fn default() -> Self {
        let mut json = String::with_capacity(320);
        json.push('{');
        Self(json)
    }
}

impl JsonObject {
    fn text(&mut self, key: &str, text: &str) {
        let is_plain = |byte: u8| byte >= b' ' && !matches!(byte, b'"' | b'\\');
        self.key(key);
        if text.bytes().all(is_plain) {
            self.0.push('"');
            self.0.push_str(text);
            self.0.push('"');
        } else {
            self.0.push_str(&Value::from(text).to_string());
        }
    }

    fn number(&mut self, key: &str, number: u64) {
        self.key(key);
        self.0.push_str(itoa::Buffer::new().format(number));
    }

    fn key(&mut self, key: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(key);
        self.0.push_str("\":");
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
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
        journal.counters = COUNTERS.map(|name| (name, store.add(&counter_key(name), 0)));
        journal
    }

    /// Loads the keys only.
    pub(crate) fn keys(store: &mut impl Store) -> Self {
        Self {
            keys: store.keys_of(JOURNAL_PREFIX),
            ..Self::default()
        }
    }

    /// The keys to delete to empty the journal.
    pub(crate) fn all_keys(&self) -> Vec<String> {
        let counters = COUNTERS.map(counter_key);
        self.keys.iter().cloned().chain(counters).collect()
    }
}

fn counter_key(name: &str) -> String {
    format!("{METRICS_PREFIX}{name}")
}

fn truncated(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT_LEN)]
}

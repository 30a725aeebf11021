//! The journal of requests to the metadata service. Each entry has its own key,
//! so that writing needs no lock and several hosts can share a journal.
//!
//! The journal contains no secrets: session tokens appear as fingerprints.

use std::time::Duration;

use http::StatusCode;
use http::header::USER_AGENT;
use serde_json::Value;

use crate::config::Config;
use crate::hex;
use crate::request::MetadataRequest;
use crate::small_sort::sorted;
use crate::store::{JOURNAL_PREFIX, METRICS_PREFIX, Store};
use crate::time::UnixMillis;
use crate::token::Fingerprint;

/// The CloudWatch names of the counters of requests without a token: those
/// answered, and those rejected for it.
const COUNTERS: [&str; 2] = ["MetadataNoToken", "MetadataNoTokenRejected"];

/// Maximum length of a client's text in bytes; longer texts are truncated.
const MAX_TEXT_LEN: usize = 512;

/// A journal entry without its duration, which only the host knows.
#[derive(Debug, PartialEq)]
pub struct Entry {
    /// The beginning of a JSON object, built without a map because every request
    /// writes one.
    json: String,
    version: u8,
    /// The counter to increment: an index of [`COUNTERS`].
    counter: Option<u8>,
    /// The maximum number of entries in the journal.
    capacity: u32,
    /// Whether a setting freezes the clock: durations are then zero.
    is_frozen: bool,
}

/// The arrival and duration of a request by the host's clock.
#[derive(Clone, Copy, Debug)]
pub struct RequestTiming {
    /// The arrival in nanoseconds since 1970.
    pub arrived: u64,
    /// The duration. It is recorded as zero if a setting freezes the clock.
    pub took: Duration,
}

impl Entry {
    /// Starts the entry of a request.
    pub(crate) fn new(config: &Config, request: &MetadataRequest<'_>, now: UnixMillis) -> Self {
        let mut entry = Self {
            json: String::with_capacity(256),
            version: request.version,
            counter: None,
            capacity: u32::try_from(config.journal).unwrap_or(u32::MAX),
            is_frozen: config.frozen_time.is_some(),
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
            (1, 200..=399 | 404) => Some(0),
            (1, 401) => Some(1),
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

    /// Stores the entry under a number, and deletes the oldest entries above the
    /// capacity. A host numbers its entries from a random start, so that the
    /// numbers of several hosts differ.
    pub fn record(mut self, timing: RequestTiming, number: u64, store: &mut impl Store) {
        let took = if self.is_frozen {
            Duration::ZERO
        } else {
            timing.took
        };
        self.number(
            "duration_us",
            u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        );
        self.json.push('}');
        store.set(&key(timing.arrived, number), self.json.as_bytes());
        if let Some(counter) = self.counter {
            store.add(&counter_key(COUNTERS[usize::from(counter)]), 1);
        }
        // Listing all keys is expensive, so trim only now and then.
        let every = u64::from(self.capacity / 2).max(1);
        if number.is_multiple_of(every) {
            let keys = keys(store);
            let capacity = usize::try_from(self.capacity).unwrap_or(usize::MAX);
            for key in &keys[..keys.len().saturating_sub(capacity)] {
                store.delete(key);
            }
        }
    }

    /// The entry as bytes, for a component whose host records it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.json.len() + 8);
        bytes.extend(self.capacity.to_le_bytes());
        let counter = self.counter.unwrap_or(u8::MAX);
        bytes.extend([self.version, counter, self.is_frozen.into()]);
        bytes.extend_from_slice(self.json.as_bytes());
        bytes
    }

    /// Parses the output of [`to_bytes`](Self::to_bytes).
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (capacity, rest) = bytes.split_first_chunk()?;
        let ([version, counter, is_frozen], json) = rest.split_first_chunk()?;
        Some(Self {
            json: str::from_utf8(json).ok()?.to_owned(),
            version: *version,
            counter: (usize::from(*counter) < COUNTERS.len()).then_some(*counter),
            capacity: u32::from_le_bytes(*capacity),
            is_frozen: *is_frozen != 0,
        })
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
            keys: keys(store),
            ..Self::default()
        }
    }

    /// The keys to delete to empty the journal.
    pub(crate) fn all_keys(&self) -> Vec<String> {
        let counters = COUNTERS.map(counter_key);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_as_bytes_are_read_again() {
        for counter in [None, Some(0), Some(1)] {
            let entry = Entry {
                json: "{\"path\":\"/\u{fc}\"".to_owned(),
                version: 1,
                counter,
                capacity: 1000,
                is_frozen: counter.is_some(),
            };
            assert_eq!(Entry::from_bytes(&entry.to_bytes()), Some(entry));
        }
        assert_eq!(Entry::from_bytes(&[0; 6]), None);
        assert_eq!(Entry::from_bytes(&[255; 8]), None);
    }
}

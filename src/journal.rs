//! The journal: what was asked of the metadata service, one key an entry, so
//! that writing one needs no lock and many hosts can share it.
//!
//! It never holds a secret. Of a session token it has a fingerprint, which
//! tells tokens apart and cannot be turned back.

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

/// Counts requests without a token that were answered, by its name in CloudWatch.
const NO_TOKEN: &str = "MetadataNoToken";
/// Counts those that were refused because they had none.
const NO_TOKEN_REJECTED: &str = "MetadataNoTokenRejected";

/// Longer texts of clients are cut.
const MAX_TEXT_LEN: usize = 512;

/// A journal entry, except for the duration, which only the host knows.
#[derive(Debug)]
pub struct Entry {
    /// The beginning of a JSON object. Every request writes one, so it is put
    /// together without a map.
    json: String,
    version: u8,
    /// The counter that counts it.
    counter: Option<&'static str>,
}

/// When a request came and how long it took, by the host's clock.
#[derive(Clone, Copy, Debug)]
pub struct RequestTiming {
    /// When it came, in nanoseconds since 1970.
    pub arrived: u64,
    /// How long its answer took. No time passes while the emulated clock is
    /// frozen by a setting.
    pub took: Duration,
    /// Gives a random number, from which the entries of this instance are
    /// counted: that tells those of several instances apart.
    pub random: fn() -> u64,
}

impl Entry {
    /// What is known of a request before it is answered.
    pub(crate) fn new(request: &MetadataRequest<'_>, now: UnixMillis) -> Self {
        let mut entry = Self {
            json: String::with_capacity(256),
            version: request.version,
            counter: None,
        };
        entry.json.push('{');
        entry.text("time", &now.iso_millis());
        entry.text("method", cut(request.method.as_str()));
        entry.text("path", cut(request.target));
        entry.number("version", request.version.into());
        if let Some(agent) = request.headers.get(USER_AGENT) {
            let agent = String::from_utf8_lossy(agent.as_bytes());
            entry.text("user_agent", cut(&agent));
        }
        entry
    }

    /// The answer that it gets; there is none if the connection closes first.
    pub(crate) fn answered(&mut self, status: Option<StatusCode>) {
        let Some(status) = status else { return };
        self.number("status", status.as_u16().into());
        self.counter = match (self.version, status.as_u16()) {
            (1, 401) => Some(NO_TOKEN_REJECTED),
            (1, 200..=399 | 404) => Some(NO_TOKEN),
            _ => None,
        };
    }

    /// The id of the fault that applied to the request.
    pub(crate) fn applied_fault(&mut self, fault: &str) {
        self.text("fault", fault);
    }

    /// The fingerprint of the token that it showed or was given.
    pub(crate) fn token(&mut self, fingerprint: Fingerprint) {
        self.text("token", &hex::encode(&fingerprint));
    }

    /// How old its token is, in seconds.
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

/// Writes the entry with this number, of which `capacity` are to be there at
/// any time.
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
    // To look at all keys is dear, so it is done now and then.
    let every = u64::try_from(capacity / 2).unwrap_or(u64::MAX).max(1);
    if number.is_multiple_of(every) {
        let keys = keys(store);
        for key in &keys[..keys.len().saturating_sub(capacity)] {
            store.delete(key);
        }
    }
}

/// The key of an entry. Keys sort by time, for all have twenty digits of it.
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
    /// By their names in CloudWatch. They count what is no longer there, too.
    pub(crate) counters: [(&'static str, i64); 2],
    /// Everything that belongs to it.
    pub(crate) keys: Vec<String>,
}

impl Journal {
    /// Reads the last `capacity` entries, and the counters.
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

    /// Only the keys, to delete them all.
    pub(crate) fn keys(store: &mut impl Store) -> Self {
        Self {
            keys: keys(store),
            ..Self::default()
        }
    }

    /// The keys to delete to empty the journal.
    pub(crate) fn everything(&self) -> Vec<String> {
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

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT_LEN)]
}

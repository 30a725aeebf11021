//! The types exchanged between the core and a host.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::journal::{Entry, JOURNAL_PREFIX};
use crate::response::MetadataResponse;
use crate::time::UnixMillis;

/// The key of the state document in the host's key-value store.
pub const STATE_KEY: &str = "imdsim/state";

/// The key of the request counters in the host's key-value store.
pub const COUNTERS_KEY: &str = "imdsim/tally";

/// Whether a key need not outlive the host process: counters and the journal.
pub fn is_ephemeral(key: &str) -> bool {
    key.starts_with(COUNTERS_KEY)
        || key.starts_with(JOURNAL_PREFIX)
        || key.starts_with("imdsim/metrics/")
}

/// The host's inputs to a request: time, random bytes and connection.
#[derive(Clone, Copy, Debug)]
pub struct RequestContext {
    /// The wall clock at the moment the request arrived.
    pub now: UnixMillis,
    /// Fresh random bytes, enough for anything one request can need.
    pub entropy: [u8; 32],
    /// Who is connected.
    pub connection: Connection,
}

/// Whether a connection is local, as far as the host knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    /// Nothing.
    #[default]
    Unknown,
    /// Both have a loopback address.
    Loopback,
    /// At least one has another address.
    Remote,
}

/// The host's key-value store, for what may get lost: a store that fails has
/// nothing, and takes nothing.
pub trait Store {
    /// The value of a key, if there is one.
    fn get(&mut self, key: &str) -> Option<Vec<u8>>;
    /// Puts a value in the place of any other.
    fn set(&mut self, key: &str, value: &[u8]);
    /// Removes a key.
    fn delete(&mut self, key: &str);
    /// All keys, in no particular order.
    fn keys(&mut self) -> Vec<String>;
    /// Adds to a number, which is 0 at first, and yields the sum.
    fn add(&mut self, key: &str, by: i64) -> i64;
}

/// A store in memory, which never fails.
impl Store for BTreeMap<String, Vec<u8>> {
    fn get(&mut self, key: &str) -> Option<Vec<u8>> {
        Self::get(self, key).cloned()
    }

    fn set(&mut self, key: &str, value: &[u8]) {
        self.insert(key.to_owned(), value.to_vec());
    }

    fn delete(&mut self, key: &str) {
        self.remove(key);
    }

    fn keys(&mut self) -> Vec<String> {
        Self::keys(self).cloned().collect()
    }

    fn add(&mut self, key: &str, by: i64) -> i64 {
        let number = Self::get(self, key).and_then(|value| std::str::from_utf8(value).ok());
        let sum = number.and_then(|number| number.parse().ok()).unwrap_or(0) + by;
        self.set(key, sum.to_string().as_bytes());
        sum
    }
}

/// The host's next steps: swap a document, store and delete keys, record the
/// journal entry, wait, and send the response.
///
/// A host that loses a race for the document loads everything again and asks
/// anew.
#[derive(Debug)]
pub struct Outcome {
    /// What the client gets. The answer to HEAD has no body and states the
    /// length of the one that GET would have.
    pub response: MetadataResponse,
    /// How much of that the client gets.
    pub delivery: Delivery,
    /// A document that takes the place of another.
    pub swap: Option<Swap>,
    /// A key and a value that [`Emulator::recall`](crate::Emulator::recall) reads
    /// later. A host that cannot store it may ignore it.
    pub cache_entry: Option<(String, Vec<u8>)>,
    /// Keys to delete.
    pub delete_keys: Vec<String>,
    /// For [`Emulator::record`](crate::Emulator::record).
    pub entry: Option<Entry>,
    /// How long the client waits for the response.
    pub delay: Duration,
    /// The fault that applied to the request, by its id.
    pub fault: Option<String>,
}

/// A change of a document that must not undo another's.
#[derive(Debug)]
pub struct Swap {
    /// [`STATE_KEY`] or [`COUNTERS_KEY`]. To lose the latter only costs a count.
    pub key: &'static str,
    /// The expected current value; `None` if the key must be absent.
    pub expected: Option<Vec<u8>>,
    /// The new value.
    pub next: Vec<u8>,
}

/// How a response reaches the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// It arrives.
    #[default]
    Complete,
    /// The connection closes after so many bytes of the body.
    Truncated(usize),
    /// The connection closes before a byte of it.
    Aborted,
}

impl Outcome {
    /// An answer that changes nothing and comes at once.
    pub(crate) fn reply(response: MetadataResponse) -> Self {
        Self {
            response,
            delivery: Delivery::Complete,
            swap: None,
            cache_entry: None,
            delete_keys: Vec::new(),
            entry: None,
            delay: Duration::ZERO,
            fault: None,
        }
    }
}

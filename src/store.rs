//! The host's key-value store, and the keys that the core uses in it.

use std::collections::BTreeMap;

use crate::small_sort::sorted;

/// The key of the state document.
pub const STATE_KEY: &str = "imdsim/state";

/// The key of the request counters.
pub const COUNTERS_KEY: &str = "imdsim/tally";

/// The prefix of the keys of journal entries.
pub const JOURNAL_PREFIX: &str = "imdsim/journal/";

/// The prefix of the keys of the journal's counters.
pub(crate) const METRICS_PREFIX: &str = "imdsim/metrics/";

/// The prefix of the keys of stored pages.
pub(crate) const PAGE_PREFIX: &str = "imdsim/pages/";

/// Whether a key need not outlive the host process: counters, the journal
/// and pages.
pub fn is_ephemeral(key: &str) -> bool {
    key.starts_with(COUNTERS_KEY)
        || key.starts_with(JOURNAL_PREFIX)
        || key.starts_with(METRICS_PREFIX)
        || key.starts_with(PAGE_PREFIX)
}

/// A key-value store for data that may be lost: reads from a store that fails
/// return nothing, and writes to it are dropped.
pub trait Store {
    /// Returns the value of a key, if present.
    fn get(&mut self, key: &str) -> Option<Vec<u8>>;
    /// Stores a value, replacing any other.
    fn set(&mut self, key: &str, value: &[u8]);
    /// Removes a key.
    fn delete(&mut self, key: &str);
    /// Returns all keys, in no particular order.
    fn keys(&mut self) -> Vec<String>;
    /// Adds to a number, which starts at 0, and returns the sum.
    fn add(&mut self, key: &str, by: i64) -> i64;
    /// Deletes the first keys with a prefix, in their order, and keeps the last
    /// `capacity`.
    fn trim(&mut self, prefix: &str, capacity: usize) {
        let keys = self.keys_of(prefix);
        for key in &keys[..keys.len().saturating_sub(capacity)] {
            self.delete(key);
        }
    }
    /// Returns the keys with a prefix, in their order.
    fn keys_of(&mut self, prefix: &str) -> Vec<String> {
        let mut keys = self.keys();
        keys.retain(|key| key.starts_with(prefix));
        sorted(keys)
    }
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

//! The store as the core uses it.

use super::{Change, Store};

/// A store whose errors are ignored, for values that may be lost.
pub(crate) struct CoreStore<'s>(pub(crate) &'s dyn Store);

impl imdsim::Store for CoreStore<'_> {
    fn get(&mut self, key: &str) -> Option<Vec<u8>> {
        self.0.get(key).unwrap_or_default()
    }

    fn set(&mut self, key: &str, value: &[u8]) {
        let _ = self.0.replace(key, Change::Set(value.to_vec()));
    }

    fn delete(&mut self, key: &str) {
        let _ = self.0.replace(key, Change::Delete);
    }

    fn keys(&mut self) -> Vec<String> {
        self.0.keys().unwrap_or_default()
    }

    fn add(&mut self, key: &str, by: i64) -> i64 {
        self.0.increment(key, by).unwrap_or(0)
    }

    fn trim(&mut self, prefix: &str, capacity: usize) {
        let _ = self.0.trim(prefix, capacity);
    }
}

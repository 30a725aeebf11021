//! A store in memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use super::{Change, Store};

/// Values in memory.
#[derive(Debug, Default)]
pub(crate) struct MemoryStore {
    values: RwLock<BTreeMap<String, Vec<u8>>>,
    version: AtomicU64,
}

impl MemoryStore {
    /// Returns a copy of all values.
    pub(super) fn all(&self) -> BTreeMap<String, Vec<u8>> {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        values.clone()
    }
}

impl From<BTreeMap<String, Vec<u8>>> for MemoryStore {
    fn from(values: BTreeMap<String, Vec<u8>>) -> Self {
        Self {
            values: RwLock::new(values),
            ..Self::default()
        }
    }
}

// A panic elsewhere cannot leave the map half changed: every change is one call.
impl Store for MemoryStore {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        Ok(values.get(key).cloned())
    }

    fn keys(&self) -> Result<Vec<String>, String> {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        Ok(values.keys().cloned().collect())
    }

    fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    fn update(
        &self,
        key: &str,
        decide: &mut dyn FnMut(Option<&[u8]>) -> Change,
    ) -> Result<(), String> {
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        match decide(values.get(key).map(Vec::as_slice)) {
            Change::Keep => return Ok(()),
            Change::Set(value) => {
                values.insert(key.to_owned(), value);
            }
            Change::Delete => {
                values.remove(key);
            }
        }
        // Under the lock: whoever sees the new version reads the new value.
        self.version.fetch_add(1, Ordering::Release);
        Ok(())
    }
}

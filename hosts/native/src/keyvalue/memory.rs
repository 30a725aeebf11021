//! A store in memory.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Bound;
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

    fn trim(&self, prefix: &str, capacity: usize) -> Result<(), String> {
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        let from_prefix = (Bound::Included(prefix), Bound::Unbounded);
        let keys = values.range::<str, _>(from_prefix);
        let keys = keys.take_while(|(key, _)| key.starts_with(prefix));
        let excess = keys.clone().count().saturating_sub(capacity);
        let excess: Vec<_> = keys.take(excess).map(|(key, _)| key.clone()).collect();
        for key in excess {
            values.remove(&key);
        }
        self.version.fetch_add(1, Ordering::Release);
        Ok(())
    }

    fn update(
        &self,
        key: &str,
        decide: &mut dyn FnMut(Option<&[u8]>) -> Change,
    ) -> Result<(), String> {
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        match values.entry(key.to_owned()) {
            Entry::Occupied(mut entry) => match decide(Some(entry.get())) {
                Change::Keep => return Ok(()),
                Change::Set(value) => drop(entry.insert(value)),
                Change::Delete => drop(entry.remove()),
            },
            Entry::Vacant(entry) => match decide(None) {
                Change::Set(value) => {
                    entry.insert(value);
                }
                Change::Keep | Change::Delete => return Ok(()),
            },
        }
        // Under the lock: whoever sees the new version reads the new value.
        self.version.fetch_add(1, Ordering::Release);
        Ok(())
    }
}

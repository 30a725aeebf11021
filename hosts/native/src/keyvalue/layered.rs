//! A store with a persistent and an in-memory part.

use super::{Change, MemoryStore, Store};

/// A persistent store for control changes, and a memory store for values that
/// every request writes. Neither those requests nor readers of the state wait
/// for the disk.
pub(crate) struct Layered {
    lasting: Box<dyn Store>,
    ephemeral: MemoryStore,
}

impl Layered {
    /// Wraps a persistent store.
    pub(crate) fn new(lasting: impl Store + 'static) -> Self {
        Self {
            lasting: Box::new(lasting),
            ephemeral: MemoryStore::default(),
        }
    }

    fn of(&self, key: &str) -> &dyn Store {
        if imdsim::is_ephemeral(key) {
            &self.ephemeral
        } else {
            &*self.lasting
        }
    }
}

impl Store for Layered {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.of(key).get(key)
    }

    fn keys(&self) -> Result<Vec<String>, String> {
        let mut keys = self.lasting.keys()?;
        keys.extend(self.ephemeral.keys()?);
        Ok(keys)
    }

    fn version(&self) -> u64 {
        self.lasting.version()
    }

    fn trim(&self, prefix: &str, capacity: usize) -> Result<(), String> {
        self.of(prefix).trim(prefix, capacity)
    }

    fn update(
        &self,
        key: &str,
        decide: &mut dyn FnMut(Option<&[u8]>) -> Change,
    ) -> Result<(), String> {
        self.of(key).update(key, decide)
    }
}

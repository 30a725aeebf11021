//! A store of which a part may outlive the program.

use super::{Change, MemoryStore, Store};

/// One store for what people have changed, and another one, in memory, for what
/// comes with every request: none of that should wait for a disk, nor should
/// those who read the state wait for it.
pub(crate) struct Layered {
    lasting: Box<dyn Store>,
    ephemeral: MemoryStore,
}

impl Layered {
    /// Over a store for what is to last.
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

    fn update(
        &self,
        key: &str,
        decide: &mut dyn FnMut(Option<&[u8]>) -> Change,
    ) -> Result<(), String> {
        self.of(key).update(key, decide)
    }
}

//! A store of which a part outlives the program.

use super::{Change, Durable, Memory, Store};

/// A file for what people have changed; memory for what comes with every
/// request, none of which should wait for a disk.
#[derive(Debug)]
pub(crate) struct Layered {
    lasting: Durable,
    passing: Memory,
}

impl Layered {
    /// Over a file, and nothing in memory.
    pub(crate) fn new(lasting: Durable) -> Self {
        Self {
            lasting,
            passing: Memory::default(),
        }
    }

    fn of(&self, key: &str) -> &dyn Store {
        if imdsim::is_passing(key) {
            &self.passing
        } else {
            &self.lasting
        }
    }
}

impl Store for Layered {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.of(key).get(key)
    }

    fn keys(&self) -> Result<Vec<String>, String> {
        let mut keys = self.lasting.keys()?;
        keys.extend(self.passing.keys()?);
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

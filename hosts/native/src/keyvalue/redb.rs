//! A store that outlives the program: one file, kept by redb.
//!
//! redb, because it is pure Rust (nothing to install, builds everywhere),
//! changes all or nothing and synced to disk before a change counts as made,
//! one file that a person can copy, a lock that keeps a second program out, a
//! stable file format with a promise to stay readable, and readers that never
//! wait for a writer.

use std::path::Path;

use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use super::{Change, Store, state_file};
use crate::fail::Failure;

/// The values.
pub(super) const VALUES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("values");

/// Values in a file.
#[derive(Debug)]
pub(crate) struct Durable(Database);

impl Durable {
    /// Opens the file, or makes it if there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        state_file::open(path).map(Self)
    }

    fn value(&self, key: &str) -> Result<Option<Vec<u8>>, redb::Error> {
        let table = self.0.begin_read()?.open_table(VALUES)?;
        Ok(table.get(key)?.map(|value| value.value().to_vec()))
    }

    fn all_keys(&self) -> Result<Vec<String>, redb::Error> {
        let table = self.0.begin_read()?.open_table(VALUES)?;
        table
            .iter()?
            .map(|entry| Ok(entry?.0.value().to_owned()))
            .collect()
    }

    /// One transaction from looking to deciding to the disk.
    fn change(
        &self,
        key: &str,
        decide: &mut dyn FnMut(Option<&[u8]>) -> Change,
    ) -> Result<(), redb::Error> {
        let transaction = self.0.begin_write()?;
        {
            let mut table = transaction.open_table(VALUES)?;
            let change = {
                let present = table.get(key)?;
                decide(present.as_ref().map(redb::AccessGuard::value))
            };
            match change {
                Change::Keep => {}
                Change::Set(value) => {
                    table.insert(key, value.as_slice())?;
                }
                Change::Delete => {
                    table.remove(key)?;
                }
            }
        }
        transaction.commit()?;
        Ok(())
    }
}

impl Store for Durable {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.value(key).map_err(|error| describe(&error))
    }

    fn keys(&self) -> Result<Vec<String>, String> {
        self.all_keys().map_err(|error| describe(&error))
    }

    /// Waits for the disk, as do the other connections of this worker.
    fn update(
        &self,
        key: &str,
        decide: &mut dyn FnMut(Option<&[u8]>) -> Change,
    ) -> Result<(), String> {
        self.change(key, decide).map_err(|error| describe(&error))
    }
}

fn describe(error: &redb::Error) -> String {
    format!("the state file failed: {error}")
}

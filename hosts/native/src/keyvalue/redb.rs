//! A persistent store: one redb file.
//!
//! redb is pure Rust (nothing to install, builds everywhere). It commits
//! atomically and syncs to disk, keeps everything in one file that users can
//! copy, locks the file against a second program, and has a stable file format.
//!
//! Values are read from memory, so readers never wait for the disk. After a
//! disk error redb accepts no further changes: the file is then closed, and
//! reopened for the next change.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use redb::{Database, ReadableDatabase as _, ReadableTable as _};
use tokio::task::block_in_place;

use super::state_file::VALUES;
use super::{Change, MemoryStore, Store, state_file};
use crate::error::Failure;

/// A persistent store with a copy of its values in memory.
#[derive(Debug)]
pub(crate) struct RedbStore {
    path: PathBuf,
    /// `None` after an error.
    file: Mutex<Option<Database>>,
    /// The values in the file.
    values: MemoryStore,
}

impl RedbStore {
    /// Opens the file, or creates it.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let file = state_file::open(path)?;
        let values = all(&file).map_err(|error| state_file::unusable(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            file: Mutex::new(Some(file)),
            values: MemoryStore::from(values),
        })
    }

    /// Reads, decides and writes under one lock.
    fn change(
        &self,
        key: &str,
        decide: &mut dyn FnMut(Option<&[u8]>) -> Change,
    ) -> Result<(), String> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let change = decide(self.values.get(key)?.as_deref());
        let next = match &change {
            Change::Keep => return Ok(()),
            Change::Set(value) => Some(&**value),
            Change::Delete => None,
        };
        let database = match &mut *file {
            Some(database) => database,
            closed => closed.insert(self.open_again()?),
        };
        if let Err(error) = write(database, key, next) {
            *file = None;
            return Err(describe(&error));
        }
        let mut change = Some(change);
        let mut made = |_: Option<&[u8]>| change.take().unwrap_or(Change::Keep);
        self.values.update(key, &mut made)
    }

    /// Reopens the file and rewrites it with the values that readers have seen,
    /// because a failed change may have reached the disk in part.
    fn open_again(&self) -> Result<Database, String> {
        let database = state_file::open(&self.path).map_err(|failure| failure.to_string())?;
        let begin = || -> Result<(), redb::Error> {
            let transaction = database.begin_write()?;
            {
                let mut table = transaction.open_table(VALUES)?;
                table.retain(|_, _| false)?;
                for (key, value) in self.values.all() {
                    table.insert(&*key, &*value)?;
                }
            }
            transaction.commit()?;
            Ok(())
        };
        begin().map_err(|error| describe(&error))?;
        Ok(database)
    }
}

impl Store for RedbStore {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.values.get(key)
    }

    fn keys(&self) -> Result<Vec<String>, String> {
        self.values.keys()
    }

    fn version(&self) -> u64 {
        self.values.version()
    }

    /// Blocks on the disk while the worker's other tasks continue elsewhere.
    fn update(
        &self,
        key: &str,
        decide: &mut dyn FnMut(Option<&[u8]>) -> Change,
    ) -> Result<(), String> {
        block_in_place(|| self.change(key, decide))
    }
}

/// Reads all values of a file.
fn all(database: &Database) -> Result<BTreeMap<String, Vec<u8>>, redb::Error> {
    let table = database.begin_read()?.open_table(VALUES)?;
    let entries = table.iter()?.map(|entry| {
        let (key, value) = entry?;
        Ok((key.value().to_owned(), value.value().to_vec()))
    });
    entries.collect()
}

/// Stores or deletes a value in one transaction.
fn write(database: &Database, key: &str, value: Option<&[u8]>) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut table = transaction.open_table(VALUES)?;
        match value {
            Some(value) => table.insert(key, value)?,
            None => table.remove(key)?,
        };
    }
    transaction.commit()?;
    Ok(())
}

fn describe(error: &dyn Display) -> String {
    format!("the state file failed: {error}")
}

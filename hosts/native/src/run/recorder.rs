//! A record of the command's requests, separate from the journal, which the
//! command can read, delete and overflow.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use imdsim::JOURNAL_PREFIX;

use super::calls::Call;
use crate::keyvalue::{Change, Store};

/// A store that also records every journal entry.
pub(super) struct Recorder<S> {
    store: S,
    capacity: usize,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// By key. Keys sort by time.
    entries: BTreeMap<String, Vec<u8>>,
    /// The number of entries beyond the capacity.
    lost: usize,
}

/// All recorded calls, oldest first.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) calls: Vec<Call>,
    /// The number of calls that were not recorded.
    pub(super) lost: usize,
}

impl<S: Store> Recorder<S> {
    /// Wraps a store and records up to `capacity` entries.
    pub(super) fn new(store: S, capacity: usize) -> Self {
        Self {
            store,
            capacity,
            seen: Mutex::default(),
        }
    }

    /// Returns the calls so far.
    pub(super) fn record(&self) -> Record {
        let seen = self.seen();
        let entries = seen.entries.values();
        Record {
            calls: entries
                .filter_map(|entry| serde_json::from_slice(entry).ok())
                .collect(),
            lost: seen.lost,
        }
    }

    fn keep(&self, key: &str, entry: &[u8]) {
        let mut seen = self.seen();
        if seen.entries.len() < self.capacity {
            seen.entries.insert(key.to_owned(), entry.to_vec());
        } else {
            seen.lost += 1;
        }
    }

    /// Locks the entries. A panic elsewhere cannot leave them half changed.
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Store> Store for Recorder<S> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.store.get(key)
    }

    fn keys(&self) -> Result<Vec<String>, String> {
        self.store.keys()
    }

    fn version(&self) -> u64 {
        self.store.version()
    }

    fn trim(&self, prefix: &str, capacity: usize) -> Result<(), String> {
        self.store.trim(prefix, capacity)
    }

    fn update(
        &self,
        key: &str,
        decide: &mut dyn FnMut(Option<&[u8]>) -> Change,
    ) -> Result<(), String> {
        if !key.starts_with(JOURNAL_PREFIX) {
            return self.store.update(key, decide);
        }
        self.store.update(key, &mut |value| {
            let change = decide(value);
            if let Change::Set(entry) = &change {
                self.keep(key, entry);
            }
            change
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyvalue::MemoryStore;

    fn set(recorder: &Recorder<MemoryStore>, key: &str, path: &str) {
        let entry = format!(r#"{{"method":"GET","path":"{path}","version":1}}"#);
        let set = &mut |_: Option<&[u8]>| Change::Set(entry.clone().into_bytes());
        recorder.update(key, set).unwrap();
    }

    #[test]
    fn deleted_journal_entries_stay_recorded() {
        let recorder = Recorder::new(MemoryStore::default(), 2);
        set(&recorder, "imdsim/journal/2", "/b");
        set(&recorder, "imdsim/journal/1", "/a");
        set(&recorder, "imdsim/state", "/no/entry");
        for key in recorder.keys().unwrap() {
            recorder.update(&key, &mut |_| Change::Delete).unwrap();
        }
        let Record { calls, lost } = recorder.record();
        let paths: Vec<_> = calls.iter().map(|call| &*call.path).collect();
        assert_eq!((&paths[..], lost), (&["/a", "/b"][..], 0));
        assert!(recorder.keys().unwrap().is_empty());
    }

    #[test]
    fn entries_beyond_the_capacity_are_counted() {
        let recorder = Recorder::new(MemoryStore::default(), 1);
        for key in ["imdsim/journal/1", "imdsim/journal/2", "imdsim/journal/3"] {
            set(&recorder, key, "/");
        }
        assert_eq!(recorder.record().lost, 2);
    }
}

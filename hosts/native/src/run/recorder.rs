//! What the command asks for, kept apart from the journal, which is the
//! command's to read, to empty and to overflow.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use imdsim::JOURNAL_PREFIX;

use super::calls::Call;
use crate::keyvalue::{Change, Store};

/// A store that also keeps every entry of the journal that is written to it.
pub(super) struct Recorder<S> {
    store: S,
    capacity: usize,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// By their keys, which sort by time.
    entries: BTreeMap<String, Vec<u8>>,
    /// How many more there were.
    lost: usize,
}

/// All calls, oldest first.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) calls: Vec<Call>,
    /// How many more there were, of which nothing is known.
    pub(super) lost: usize,
}

impl<S: Store> Recorder<S> {
    /// Over a store, for so many entries.
    pub(super) fn new(store: S, capacity: usize) -> Self {
        Self {
            store,
            capacity,
            seen: Mutex::default(),
        }
    }

    /// What was asked so far.
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

    /// A panic elsewhere cannot leave it half changed.
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
    fn what_is_deleted_from_the_journal_is_still_known() {
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
    fn more_than_can_be_kept_are_counted() {
        let recorder = Recorder::new(MemoryStore::default(), 1);
        for key in ["imdsim/journal/1", "imdsim/journal/2", "imdsim/journal/3"] {
            set(&recorder, key, "/");
        }
        assert_eq!(recorder.record().lost, 2);
    }
}

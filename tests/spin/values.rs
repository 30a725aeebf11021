use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// A store that outlives the hosts sharing it, with the swap semantics of one of
/// Spin's stores.
pub(crate) struct Values {
    kind: Kind,
    /// Each value with the number of its last change.
    values: Mutex<BTreeMap<String, (u64, Vec<u8>)>>,
}

/// Which of Spin's stores (crates/key-value-spin and crates/key-value-redis,
/// Spin 4.1).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A swap that expects no value always succeeds.
    Sqlite,
    /// Every swap is reported as failed: the following `UNWATCH` is sent with an
    /// argument, which Redis rejects.
    Redis,
}

/// The value that a writer read before its swap.
#[derive(Default)]
pub(crate) struct Seen {
    change: u64,
    value: Option<Vec<u8>>,
}

impl Values {
    pub(crate) fn new(kind: Kind) -> Self {
        let values = Mutex::default();
        Self { kind, values }
    }

    pub(crate) fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.see(key).value
    }

    pub(crate) fn see(&self, key: &str) -> Seen {
        match self.lock().get(key).cloned() {
            Some((change, value)) => Seen {
                change,
                value: Some(value),
            },
            None => Seen::default(),
        }
    }

    pub(crate) fn set(&self, key: &str, value: Vec<u8>) {
        set(&mut self.lock(), key, value);
    }

    pub(crate) fn delete(&self, key: &str) {
        self.lock().remove(key);
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// Adds to a number, stored as text, and returns the sum.
    pub(crate) fn increment(&self, key: &str, delta: i64) -> i64 {
        let mut values = self.lock();
        let number = values.get(key).map_or(0, |(_, text)| {
            str::from_utf8(text).unwrap().parse().unwrap()
        });
        let sum = number + delta;
        set(&mut values, key, sum.to_string().into_bytes());
        sum
    }

    /// Swaps a value; returns the success that the store reports.
    pub(crate) fn swap(&self, key: &str, seen: &Seen, value: Vec<u8>) -> bool {
        // Lets another writer run at the most critical moment.
        std::thread::yield_now();
        let mut values = self.lock();
        let present = values.get(key);
        let wins = match (self.kind, &seen.value) {
            (Kind::Sqlite, None) => true,
            (Kind::Sqlite, Some(old)) => present.is_some_and(|(_, present)| present == old),
            (Kind::Redis, _) => present.map_or(0, |(change, _)| *change) == seen.change,
        };
        if wins {
            set(&mut values, key, value);
        }
        wins && !matches!(self.kind, Kind::Redis)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, (u64, Vec<u8>)>> {
        self.values.lock().unwrap()
    }
}

impl Seen {
    pub(crate) fn value(&self) -> Option<Vec<u8>> {
        self.value.clone()
    }
}

fn set(values: &mut BTreeMap<String, (u64, Vec<u8>)>, key: &str, value: Vec<u8>) {
    let change = values.get(key).map_or(0, |(change, _)| *change) + 1;
    values.insert(key.to_owned(), (change, value));
}

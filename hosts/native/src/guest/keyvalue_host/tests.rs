//! Tests of the contract that the component relies on, with both kinds of
//! store.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use wasmtime::component::{Resource, ResourceTable};

use super::{Bucket, Cas, KeyValue, Store};
use crate::bindings::wasi::keyvalue::atomics::{CasError, Host as _, HostCas as _};
use crate::bindings::wasi::keyvalue::store::{Error, Host as _, HostBucket as _};
use crate::keyvalue::{MemoryStore, RedbStore};

/// One instance's view of a store.
struct Guest {
    table: ResourceTable,
    values: Arc<dyn Store>,
    has_changed: bool,
}

impl Guest {
    fn new(values: &Arc<dyn Store>) -> Self {
        Self {
            table: ResourceTable::new(),
            values: Arc::clone(values),
            has_changed: false,
        }
    }

    fn host(&mut self) -> KeyValue<'_> {
        KeyValue {
            table: &mut self.table,
            values: &*self.values,
            has_changed: &mut self.has_changed,
        }
    }

    fn open(&mut self) -> Resource<Bucket> {
        self.host().open("default".into()).unwrap().unwrap()
    }

    fn cas(&mut self) -> Resource<Cas> {
        let bucket = self.open();
        self.host().new(bucket, "key".into()).unwrap().unwrap()
    }

    fn set(&mut self, value: &str) {
        let bucket = self.open();
        let set = self.host().set(bucket, "key".into(), value.into());
        set.unwrap().unwrap();
    }

    fn get(&mut self) -> Option<String> {
        let bucket = self.open();
        let value = self.host().get(bucket, "key".into()).unwrap().unwrap();
        value.map(|value| String::from_utf8(value).unwrap())
    }

    fn increment(&mut self, delta: i64) -> Option<i64> {
        let bucket = self.open();
        let sum = self.host().increment(bucket, "key".into(), delta);
        sum.unwrap().ok()
    }
}

/// Runs a test on an empty store of each kind.
#[track_caller]
fn check(test: impl Fn(&Arc<dyn Store>)) {
    let folder = tempfile::tempdir().unwrap();
    test(&(Arc::new(MemoryStore::default()) as Arc<dyn Store>));
    test(&durable(&folder.path().join("state")));
}

fn durable(path: &Path) -> Arc<dyn Store> {
    Arc::new(RedbStore::open(path).unwrap())
}

#[test]
fn there_is_one_bucket() {
    check(|values| {
        let refused = Guest::new(values).host().open("other".into()).unwrap();
        assert!(matches!(refused, Err(Error::NoSuchStore)));
    });
}

#[test]
fn instances_share_values() {
    check(|values| {
        let (mut one, mut other) = (Guest::new(values), Guest::new(values));
        assert_eq!(other.get(), None);
        one.set("a");
        assert_eq!(other.get().as_deref(), Some("a"));
        let bucket = other.open();
        let keys = other.host().list_keys(bucket, None).unwrap().unwrap();
        assert_eq!(keys.keys, ["key"]);
        let bucket = other.open();
        other.host().delete(bucket, "key".into()).unwrap().unwrap();
        assert_eq!(one.get(), None);
    });
}

#[test]
fn a_swap_succeeds_when_nothing_came_between() {
    check(|values| {
        let mut guest = Guest::new(values);
        for value in ["a", "b"] {
            let cas = guest.cas();
            guest.host().swap(cas, value.into()).unwrap().unwrap();
            assert_eq!(guest.get().as_deref(), Some(value));
        }
    });
}

#[test]
fn an_overtaken_swap_changes_nothing_and_can_be_tried_again() {
    check(|values| {
        let (mut one, mut other) = (Guest::new(values), Guest::new(values));
        // The first insertion is a change too.
        let cas = one.cas();
        other.set("theirs");
        let failed = one.host().swap(cas, "mine".into()).unwrap();
        let Err(CasError::CasFailed(fresh)) = failed else {
            panic!("the swap should have failed");
        };
        assert_eq!(one.get().as_deref(), Some("theirs"));
        let again = Resource::new_borrow(fresh.rep());
        let current = one.host().current(again).unwrap().unwrap();
        assert_eq!(current.as_deref(), Some(&b"theirs"[..]));
        one.host().swap(fresh, "mine".into()).unwrap().unwrap();
        assert_eq!(other.get().as_deref(), Some("mine"));
    });
}

#[test]
fn of_two_writers_neither_loses_an_update() {
    check(|values| {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        Guest::new(values).increment(1).unwrap();
                    }
                });
            }
        });
        assert_eq!(Guest::new(values).get().as_deref(), Some("100"));
    });
}

#[test]
fn only_numbers_can_be_incremented() {
    check(|values| {
        let mut guest = Guest::new(values);
        assert_eq!(guest.increment(-5), Some(-5));
        assert_eq!(guest.increment(i64::MIN), None);
        guest.set("five");
        assert_eq!(guest.increment(1), None);
        assert_eq!(guest.get().as_deref(), Some("five"));
    });
}

#[test]
fn a_file_keeps_its_values() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    Guest::new(&durable(&path)).set("a");
    assert_eq!(Guest::new(&durable(&path)).get().as_deref(), Some("a"));
}

#[test]
fn what_was_stored_survives_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let values = durable(&path);
    Guest::new(&values).set("a");
    // The file as a crash would leave it.
    let left = folder.path().join("left");
    std::fs::copy(&path, &left).unwrap();
    assert_eq!(Guest::new(&durable(&left)).get().as_deref(), Some("a"));
}

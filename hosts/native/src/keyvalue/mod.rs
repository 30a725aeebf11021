//! The key-value store behind `wasi:keyvalue` 0.2.0-draft2, the draft with
//! compare-and-swap. Spin implements the same draft, so the same component runs
//! on both.
//!
//! There is one bucket, whose values all component instances share.

mod core_store;
mod layered;
mod memory;
mod redb;
mod resources;
mod state_file;

pub(crate) use self::core_store::CoreStore;
pub(crate) use self::layered::Layered;
pub(crate) use self::memory::MemoryStore;
pub(crate) use self::redb::RedbStore;
#[allow(unreachable_pub, reason = "the generated code names them in public")]
pub use self::resources::{Bucket, Cas};

/// A key-value store. The component reports its errors.
pub(crate) trait Store: Send + Sync {
    /// Returns the value of a key.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String>;

    /// Returns all keys, in no particular order.
    fn keys(&self) -> Result<Vec<String>, String>;

    /// A number that changes with the lasting values, after each change.
    fn version(&self) -> u64;

    /// Deletes the first keys with a prefix, in their order, and keeps the last
    /// `capacity`.
    fn trim(&self, prefix: &str, capacity: usize) -> Result<(), String> {
        let mut keys = self.keys()?;
        keys.retain(|key| key.starts_with(prefix));
        keys.sort_unstable();
        for key in &keys[..keys.len().saturating_sub(capacity)] {
            self.update(key, &mut |_| Change::Delete)?;
        }
        Ok(())
    }

    /// Passes the value of a key to `decide` and applies the returned change
    /// atomically. When this returns `Ok`, the change is as durable as the
    /// store.
    fn update(
        &self,
        key: &str,
        decide: &mut dyn FnMut(Option<&[u8]>) -> Change,
    ) -> Result<(), String>;
}

impl dyn Store + '_ {
    /// Makes a change that does not depend on the current value.
    pub(crate) fn replace(&self, key: &str, change: Change) -> Result<(), String> {
        let mut change = Some(change);
        self.update(key, &mut |_| change.take().unwrap_or(Change::Keep))
    }

    /// Adds to a number, initially 0, and returns the sum. Stores the number as
    /// decimal text, like wasmtime's own store.
    pub(crate) fn increment(&self, key: &str, delta: i64) -> Result<i64, String> {
        let mut sum = Err("the value is not a number, or the sum is out of range".to_owned());
        self.update(key, &mut |value| {
            let Some(next) = number(value).and_then(|number| number.checked_add(delta)) else {
                return Change::Keep;
            };
            sum = Ok(next);
            Change::Set(next.to_string().into_bytes())
        })?;
        sum
    }
}

/// Parses a number; a missing value counts as zero.
fn number(value: Option<&[u8]>) -> Option<i64> {
    match value {
        None => Some(0),
        Some(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok(),
    }
}

/// A change of a value.
#[derive(Debug)]
pub(crate) enum Change {
    /// Leaves the value unchanged.
    Keep,
    /// Stores these bytes.
    Set(Vec<u8>),
    /// Deletes the value.
    Delete,
}

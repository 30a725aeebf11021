//! The key-value store behind `wasi:keyvalue` 0.2.0-draft2, the draft with
//! compare-and-swap. Spin implements the same draft, so the same component runs
//! on both.
//!
//! There is one bucket, whose values all component instances share.

mod layered;
mod memory;
mod redb;
mod resources;
mod state_file;

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

    /// Passes the value of a key to `decide` and applies the returned change
    /// atomically. When this returns `Ok`, the change is as durable as the
    /// store.
    fn update(
        &self,
        key: &str,
        decide: &mut dyn FnMut(Option<&[u8]>) -> Change,
    ) -> Result<(), String>;
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

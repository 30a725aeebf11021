//! `wasi:keyvalue` at 0.2.0-draft2, the draft with compare-and-swap, which is
//! the one that Spin has: one and the same component runs there and here.
//!
//! There is one bucket. All instances of the component share its values.

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

/// Where values are kept. The errors are for the component to report.
pub(crate) trait Store: Send + Sync {
    /// The value of a key, if there is one.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String>;

    /// All keys, in no particular order.
    fn keys(&self) -> Result<Vec<String>, String>;

    /// Shows `decide` the value of a key and does what it says. No other
    /// change comes between, whoever makes it, and when this returns `Ok`,
    /// the change lasts as long as this store's changes do.
    fn update(
        &self,
        key: &str,
        decide: &mut dyn FnMut(Option<&[u8]>) -> Change,
    ) -> Result<(), String>;
}

/// What becomes of a value.
#[derive(Debug)]
pub(crate) enum Change {
    /// It stays as it is.
    Keep,
    /// It becomes these bytes.
    Set(Vec<u8>),
    /// It goes.
    Delete,
}

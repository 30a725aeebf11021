//! The `Host` trait: the services that the request loop needs.

use std::sync::Arc;
use std::time::Duration;

use imdsim::{STATE_KEY, Store};

/// Clock, random numbers and key-value store. Errors are the host's messages.
pub trait Host: Store {
    /// The time since 1970.
    fn now() -> Duration;

    /// The time when the request arrived, since 1970.
    fn arrived(&self) -> Duration {
        Self::now()
    }

    /// A random number.
    fn random() -> u64;

    /// Random bytes, enough for one request.
    fn random_bytes() -> [u8; 32];

    /// Sleeps.
    fn wait(&mut self, delay: Duration);

    /// The value of a key, if any.
    fn read(&mut self, key: &str) -> Result<Option<Vec<u8>>, String>;

    /// The state document, if any.
    fn read_state(&mut self) -> Result<Option<Arc<Vec<u8>>>, String> {
        Ok(self.read(STATE_KEY)?.map(Arc::new))
    }

    /// Replaces a value if it still equals the expected one.
    fn swap(&mut self, key: &str, expected: Option<&[u8]>, next: &[u8]) -> Result<Swapped, String>;

    /// Adds to a counter, initially 0, and returns the sum.
    fn increment(&mut self, key: &str, by: i64) -> Result<i64, String>;
}

/// Result of a swap.
#[derive(Debug)]
pub enum Swapped {
    /// The next value is stored.
    Done,
    /// The store reports a conflict, with the current value.
    Rejected(Option<Vec<u8>>),
}

//! The `Host` trait: the services that the request loop needs.

use std::time::Duration;

use imdsim::Store;

/// Clock, random numbers and key-value store. The errors are in the host's words.
pub trait Host: Store {
    /// The time since 1970.
    fn now() -> Duration;

    /// A random number.
    fn random() -> u64;

    /// Random bytes, as many as one request can need.
    fn random_bytes() -> [u8; 32];

    /// Does nothing for a time.
    fn wait(&mut self, delay: Duration);

    /// The value of a key, if there is one.
    fn read(&mut self, key: &str) -> Result<Option<Vec<u8>>, String>;

    /// Replaces a value if it is still the expected one.
    fn swap(&mut self, key: &str, expected: Option<&[u8]>, next: &[u8]) -> Result<Swapped, String>;

    /// Adds to a number, which is 0 at first, and returns the sum.
    fn increment(&mut self, key: &str, by: i64) -> Result<i64, String>;
}

/// What became of a swap.
#[derive(Debug)]
pub enum Swapped {
    /// The next value is stored.
    Done,
    /// The store says that it is not, and this is the value now.
    Refused(Option<Vec<u8>>),
}

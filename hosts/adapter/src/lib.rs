//! Request loop shared by the components of the emulator.
//!
//! The adapter reads the clock, random bytes and the state document, calls the
//! core, and stores the changes. The core decides everything that a client sees.
//!
//! The request loop is generic over a [`Host`], so native tests can run it on a
//! store that loses races. The module `wasi` has the host for WASI 0.2 and its
//! HTTP conversions.

mod answer;
mod host;
mod waiting;
#[cfg(target_family = "wasm")]
pub mod wasi;
mod writers;

#[cfg(test)]
mod tests;

pub use answer::{Answer, FinishedBy, answer, nanoseconds};
pub use host::{Host, Swapped};

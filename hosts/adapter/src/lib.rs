//! What the components of the emulator share.
//!
//! An adapter and no more: it reads the clock, random bytes and the state
//! document, asks the core what to answer, and stores what the core wants
//! stored. What a client sees is decided in the core.
//!
//! The request loop is generic over a [`Host`], so it is tested natively, with a
//! store that loses races. For WASI 0.2 there are one host and one way to read
//! requests and write responses, in the module `wasi`.

mod answer;
mod host;
mod waiting;
#[cfg(target_family = "wasm")]
pub mod wasi;
mod writers;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Waiting, answer, nanoseconds};
pub use host::{Host, Swapped};

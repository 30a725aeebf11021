//! What an instance keeps for its next request, on hosts that use instances
//! again.

use std::cell::RefCell;

use http::Request;
use imdsim::Emulator;

use super::host::Wasi;
use crate::answer::{Answer, answer};

thread_local! {
    /// The settings of this instance, and what the core derived from them and
    /// from the last state document; the core compares that document's bytes
    /// before it uses what it kept.
    static EMULATOR: RefCell<Emulator> = RefCell::new(Emulator::from_env(std::env::vars()));

    static HOST: RefCell<Wasi> = const { RefCell::new(Wasi::new()) };
}

/// The answer to a request, of which the emulator tells what to read. Settings
/// come from environment variables.
pub fn respond(read: impl FnOnce(&Emulator) -> Request<Vec<u8>>) -> Answer {
    EMULATOR.with_borrow_mut(|emulator| {
        let request = read(emulator);
        HOST.with_borrow_mut(|host| answer(emulator, host, &request))
    })
}

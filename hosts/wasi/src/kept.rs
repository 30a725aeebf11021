//! What an instance keeps for its next request, on hosts that use instances
//! again.

use std::cell::RefCell;

use http::Request;
use imdsim::Emulator;

use crate::answer::{Answer, answer};
use crate::store::Slot;

thread_local! {
    /// The settings of this instance, and what the core derived from them and
    /// from the last state document; the core compares that document's bytes
    /// before it uses what it kept.
    static EMULATOR: RefCell<Emulator> = RefCell::new(Emulator::from_env(std::env::vars()));

    static SLOT: RefCell<Slot> = const { RefCell::new(Slot::new()) };
}

/// The answer to a request, of which the emulator tells what to read.
pub(crate) fn respond(read: impl FnOnce(&Emulator) -> Request<Vec<u8>>) -> Answer {
    EMULATOR.with_borrow_mut(|emulator| {
        let request = read(emulator);
        SLOT.with_borrow_mut(|slot| answer(emulator, slot, &request))
    })
}

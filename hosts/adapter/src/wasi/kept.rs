//! What an instance keeps for its next request, on hosts that use instances
//! again.

use std::cell::RefCell;

use http::{Request, StatusCode};
use imdsim::{Connection, Emulator};

use super::host::Wasi;
use crate::answer::{Answer, Waiting, answer};

thread_local! {
    /// The settings of this instance, and what the core derived from them and
    /// from the last state document; the core compares that document's bytes
    /// before it uses what it kept.
    static EMULATOR: RefCell<Emulator> = RefCell::new(Emulator::from_env(std::env::vars()));

    static HOST: RefCell<Wasi> = const { RefCell::new(Wasi::new()) };
}

/// The answer to a request, of which the emulator tells what to read; the error
/// is the status of a refusal. Settings come from environment variables.
pub fn respond(
    connection: Connection,
    waiting: Waiting,
    read: impl FnOnce(&Emulator) -> Result<Request<Vec<u8>>, StatusCode>,
) -> Answer {
    EMULATOR.with_borrow_mut(|emulator| match read(emulator) {
        Ok(request) => {
            HOST.with_borrow_mut(|host| answer(emulator, host, connection, waiting, &request))
        }
        Err(status) => Answer::refuse(status),
    })
}

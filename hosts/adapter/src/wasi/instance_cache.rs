//! State that a component instance keeps between requests, on hosts that reuse
//! instances.

use std::cell::RefCell;
use std::thread::LocalKey;

use http::{Request, StatusCode};
use imdsim::{Connection, Emulator};

use super::bindings::wasi::cli::environment::get_environment;
use crate::answer::{Answer, FinishedBy, answer};
use crate::host::Host;

thread_local! {
    /// The settings of this instance and the data derived from them and from the
    /// last state document. The core uses that data only while the document's
    /// bytes are unchanged.
    static EMULATOR: RefCell<Emulator> = RefCell::new(Emulator::from_env(get_environment()));
}

/// Answers a request with the instance's `host`, and settings from environment variables. `read` uses the
/// emulator to decide which parts to read, and returns the status of a rejection
/// as its error.
pub fn respond<H: Host>(
    host: &'static LocalKey<RefCell<H>>,
    connection: Connection,
    finished_by: FinishedBy,
    read: impl FnOnce(&Emulator) -> Result<Request<Vec<u8>>, StatusCode>,
) -> Answer {
    EMULATOR.with_borrow_mut(|emulator| match read(emulator) {
        Ok(request) => {
            host.with_borrow_mut(|host| answer(emulator, host, connection, finished_by, &request))
        }
        Err(status) => Answer::reject(status),
    })
}

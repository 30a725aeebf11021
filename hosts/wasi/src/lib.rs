//! The emulator as a WASI 0.2 component.
//!
//! An adapter and no more: it reads the request, the clock, random bytes and
//! the state document, asks the core what to answer, stores what the core
//! wants stored, waits if told to, and writes the response. What a client sees
//! is decided in the core.
//!
//! The modules `answer`, `http` and `store` are compiled a second time by
//! `hosts/spin`, over the bindings of Spin's SDK, and `answer` and `store` a
//! third time by `hosts/embedded`, which has no HTTP around them.
#![cfg(target_family = "wasm")]

mod answer;
mod http;
mod store;

mod bindings {
    #![allow(missing_docs, unsafe_code, reason = "generated from wit/")]
    #![allow(
        clippy::pedantic,
        clippy::allow_attributes_without_reason,
        reason = "generated from wit/"
    )]
    wit_bindgen::generate!({
        path: "../../wit",
        world: "imdsim:emulator/emulator",
        generate_all,
        ownership: Borrowing { duplicate_if_necessary: false },
    });
}

use std::cell::RefCell;

use answer::answer;
use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::http::types::{Fields, IncomingRequest, ResponseOutparam};
use imdsim::{Emulator, Reply};
use store::Slot;

thread_local! {
    /// The settings of this instance, and what the core derived from them and
    /// from the last state document; the core compares that document's bytes
    /// before it uses what it kept.
    static EMULATOR: RefCell<Emulator> = RefCell::new(Emulator::from_env(std::env::vars()));

    static SLOT: RefCell<Slot> = const { RefCell::new(Slot::new()) };
}

struct Component;

impl Guest for Component {
    fn handle(incoming: IncomingRequest, response_out: ResponseOutparam) {
        let answer = EMULATOR.with_borrow_mut(|emulator| {
            let request = http::read(emulator, &incoming);
            SLOT.with_borrow_mut(|slot| answer(emulator, slot, &request))
        });
        http::write(&answer, response_out);
    }
}

/// The header fields, borrowed as these bindings allow.
fn fields(reply: &Reply) -> Fields {
    let headers = reply.headers.iter();
    let fields: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    Fields::from_list(&fields).expect("the core sets no header that a host owns")
}

#[allow(unsafe_code, reason = "the generated glue needs it")]
mod export {
    use super::{Component, bindings};
    bindings::export!(Component with_types_in bindings);
}

//! The emulator as the component that the native program carries.
//!
//! The same adapter as `hosts/wasi`, module by module, but for HTTP: requests
//! come and responses go in one call, by the interface `direct` of
//! `wit/world.wit`. The program lives from that, for every call across its
//! border costs as much as a lookup in the tree.
#![cfg(target_family = "wasm")]

#[path = "../../wasi/src/answer.rs"]
mod answer;
mod direct;
#[path = "../../wasi/src/store.rs"]
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
        world: "imdsim:emulator/embedded",
        generate_all,
        ownership: Borrowing { duplicate_if_necessary: false },
    });
}

use std::cell::RefCell;

use answer::answer;
use bindings::exports::imdsim::emulator::direct::{Guest, Request, Response};
use imdsim::Emulator;
use store::Slot;

thread_local! {
    /// As in `hosts/wasi`: a cache, checked against the bytes just read.
    static EMULATOR: RefCell<Emulator> = RefCell::new(Emulator::from_env(std::env::vars()));

    static SLOT: RefCell<Slot> = const { RefCell::new(Slot::new()) };
}

struct Component;

impl Guest for Component {
    fn answer(request: Request) -> Response {
        let answer = EMULATOR.with_borrow_mut(|emulator| {
            let request = direct::request(emulator, request);
            SLOT.with_borrow_mut(|slot| answer(emulator, slot, &request))
        });
        direct::response(answer)
    }
}

#[allow(unsafe_code, reason = "the generated glue needs it")]
mod export {
    use super::{Component, bindings};
    bindings::export!(Component with_types_in bindings);
}

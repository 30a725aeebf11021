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
#[path = "../../wasi/src/kept.rs"]
mod kept;
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

use bindings::exports::imdsim::emulator::direct::{Guest, Request, Response};

struct Component;

impl Guest for Component {
    fn answer(request: Request) -> Response {
        direct::response(kept::respond(|emulator| direct::request(emulator, request)))
    }
}

#[allow(unsafe_code, reason = "the generated glue needs it")]
mod export {
    use super::{Component, bindings};
    bindings::export!(Component with_types_in bindings);
}

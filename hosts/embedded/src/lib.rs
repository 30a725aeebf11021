//! The emulator as the component embedded in the native program.
//!
//! `hosts/adapter` without `wasi:http`: an exchange is one call of the interface
//! `direct` in `wit/world.wit`. This is essential for performance, since each
//! call across the component boundary costs as much as a lookup in the tree.
#![cfg(target_family = "wasm")]

mod direct;

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
use std::time::Duration;

use bindings::exports::imdsim::emulator::direct::{Guest, Request, Response};
use imdsim::Connection;
use imdsim_adapter::FinishedBy;
use imdsim_adapter::wasi::{Wasi, respond};

thread_local! {
    static HOST: RefCell<Wasi> = const { RefCell::new(Wasi::new()) };
}

struct Component;

impl Guest for Component {
    fn answer(request: Request) -> Response {
        let connection = if request.loopback {
            Connection::Loopback
        } else {
            Connection::Remote
        };
        let arrived = Duration::from_nanos(request.arrived);
        HOST.with_borrow_mut(|host| host.begin(arrived, request.store_version));
        let read = |emulator: &_| Ok(direct::request(emulator, request));
        direct::response(respond(&HOST, connection, FinishedBy::Host, read))
    }
}

#[allow(unsafe_code, reason = "the generated glue needs it")]
mod export {
    use super::{Component, bindings};
    bindings::export!(Component with_types_in bindings);
}

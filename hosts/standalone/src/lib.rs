//! The emulator as a WASI 0.2 component with its state in a folder, for hosts
//! without a persistent key-value store, such as plain `wasmtime serve`.
//!
//! `hosts/wasi` with the file store linked into it: where each request starts a
//! new instance, a component composed of two would take half as long again to
//! instantiate.
#![cfg(target_family = "wasm")]

mod host;
mod wasi_files;

use std::cell::RefCell;

use host::Standalone;
use imdsim::Connection;
use imdsim_adapter::FinishedBy;
use imdsim_adapter::wasi::bindings::exports::wasi::http::incoming_handler::Guest;
use imdsim_adapter::wasi::bindings::wasi::http::types::{IncomingRequest, ResponseOutparam};
use imdsim_adapter::wasi::{http, respond};

thread_local! {
    static HOST: RefCell<Standalone> = const { RefCell::new(Standalone::new()) };
}

struct Component;

impl Guest for Component {
    fn handle(incoming: IncomingRequest, response_out: ResponseOutparam) {
        let answer = respond(
            &HOST,
            Connection::Unknown,
            FinishedBy::Instance,
            |emulator| http::read(emulator, &incoming),
        );
        http::write(&answer, response_out);
    }
}

#[allow(unsafe_code, reason = "the generated glue needs it")]
mod export {
    use super::Component;
    imdsim_adapter::wasi::export!(Component);
}

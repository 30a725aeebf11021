//! The emulator as a WASI 0.2 component: `hosts/adapter` over `wasi:http`, with
//! settings from environment variables.
#![cfg(target_family = "wasm")]

use std::cell::RefCell;

use imdsim::Connection;
use imdsim_adapter::FinishedBy;
use imdsim_adapter::wasi::bindings::exports::wasi::http::incoming_handler::Guest;
use imdsim_adapter::wasi::bindings::wasi::http::types::{IncomingRequest, ResponseOutparam};
use imdsim_adapter::wasi::{Wasi, http, respond};

thread_local! {
    static HOST: RefCell<Wasi> = const { RefCell::new(Wasi::new()) };
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

//! The emulator as a WASI 0.2 component.
//!
//! An adapter and no more: it reads the request, the clock, random bytes and
//! the state document, asks the core what to answer, stores what the core
//! wants stored, waits if told to, and writes the response. What a client sees
//! is decided in the core.
//!
//! The modules `answer`, `http` and `store` are compiled a second time by
//! `hosts/spin`, over the bindings of Spin's SDK; all but `http` a third time by
//! `hosts/embedded`, which has no HTTP around them.
#![cfg(target_family = "wasm")]

mod answer;
mod http;
mod kept;
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

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::http::types::{Fields, IncomingRequest, ResponseOutparam};
use imdsim::Reply;

struct Component;

impl Guest for Component {
    fn handle(incoming: IncomingRequest, response_out: ResponseOutparam) {
        let answer = kept::respond(|emulator| http::read(emulator, &incoming));
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

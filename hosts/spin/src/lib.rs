//! The emulator as a Spin component: `hosts/adapter` over `wasi:http`, with
//! settings from Spin variables.
//!
//! Uses only the variables of the SDK, because the SDK's responses lose the order
//! of their headers and are sent before their body.
#![cfg(target_family = "wasm")]

use imdsim::{Connection, Emulator};
use imdsim_adapter::wasi::bindings::exports::wasi::http::incoming_handler::Guest;
use imdsim_adapter::wasi::bindings::wasi::http::types::{IncomingRequest, ResponseOutparam};
use imdsim_adapter::wasi::{Wasi, http};
use imdsim_adapter::{Answer, Waiting, answer};
use spin_sdk::variables;

struct Component;

impl Guest for Component {
    /// Creates an emulator for each request, since Spin does not reuse instances.
    fn handle(incoming: IncomingRequest, response_out: ResponseOutparam) {
        let mut emulator = Emulator::from_variables(variable);
        let answer = match http::read(&emulator, &incoming) {
            Ok(request) => answer(
                &mut emulator,
                &mut Wasi::new(),
                Connection::Unknown,
                Waiting::Instance,
                &request,
            ),
            Err(status) => Answer::reject(status),
        };
        http::write(&answer, response_out);
    }
}

/// The value of a Spin variable; empty if the manifest does not pass it to this
/// component.
fn variable(name: &str) -> Result<String, String> {
    match variables::get(name) {
        Err(variables::Error::Undefined(_)) => Ok(String::new()),
        value => value.map_err(|error| error.to_string()),
    }
}

#[allow(unsafe_code, reason = "the generated glue needs it")]
mod export {
    use super::Component;
    imdsim_adapter::wasi::export!(Component);
}

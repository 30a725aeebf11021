//! The emulator as a Spin component: `hosts/adapter` over `wasi:http`, with
//! settings from Spin variables.
//!
//! Works without the SDK, whose responses lose the order of their headers and are
//! sent before their body.
#![cfg(target_family = "wasm")]

use imdsim::{Connection, DOCUMENT_KEY, Emulator, KEYS};
use imdsim_adapter::wasi::bindings::exports::wasi::http::incoming_handler::Guest;
use imdsim_adapter::wasi::bindings::fermyon::spin::variables;
use imdsim_adapter::wasi::bindings::wasi::config::store as config;
use imdsim_adapter::wasi::bindings::wasi::http::types::{IncomingRequest, ResponseOutparam};
use imdsim_adapter::wasi::{Wasi, http};
use imdsim_adapter::{Answer, FinishedBy, answer};

struct Component;

impl Guest for Component {
    /// Creates an emulator for each request, since Spin does not reuse instances.
    fn handle(incoming: IncomingRequest, response_out: ResponseOutparam) {
        let mut emulator = Emulator::from_variables(variables());
        let answer = match http::read(&emulator, &incoming) {
            Ok(request) => answer(
                &mut emulator,
                &mut Wasi::new(),
                Connection::Unknown,
                FinishedBy::Instance,
                &request,
            ),
            Err(status) => Answer::reject(status),
        };
        http::write(&answer, response_out);
    }
}

/// The component's variables. If one cannot be read, reads them one by one, to
/// report its name.
fn variables() -> Vec<(String, Result<String, String>)> {
    if let Ok(all) = config::get_all() {
        let read = |(name, value)| (name, Ok(value));
        return all.into_iter().map(read).collect();
    }
    let names = [DOCUMENT_KEY].into_iter().chain(KEYS.iter().copied());
    names
        .map(|name| (name.to_owned(), variable(name)))
        .collect()
}

/// The value of a variable; empty if the manifest does not pass it to this
/// component.
fn variable(name: &str) -> Result<String, String> {
    use variables::Error;
    match variables::get(name) {
        Err(Error::Undefined(_)) => Ok(String::new()),
        Err(Error::InvalidName(reason) | Error::Provider(reason) | Error::Other(reason)) => {
            Err(reason)
        }
        Ok(value) => Ok(value),
    }
}

#[allow(unsafe_code, reason = "the generated glue needs it")]
mod export {
    use super::Component;
    imdsim_adapter::wasi::export!(Component);
}

//! Minimal HTTP server as a WASI 0.2 component.
//!
//! `cargo xtask bench` compares the emulator's component to it on the same host.
//! It ignores the request and always sends the same few bytes. With the feature
//! `read` it first reads one value of the host's key-value store.
#![cfg(target_family = "wasm")]

mod bindings {
    #![allow(missing_docs, unsafe_code, reason = "generated from wit/")]
    #![allow(
        clippy::pedantic,
        clippy::allow_attributes_without_reason,
        reason = "generated from wit/"
    )]
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package imdsim:bench;
            world hello {
                import wasi:keyvalue/store@0.2.0-draft2;
                export wasi:http/incoming-handler@0.2.6;
            }
        ",
        world: "imdsim:bench/hello",
        generate_all,
    });
}

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

const BODY: &[u8] = b"Hello, world!\n";

struct Hello;

impl Guest for Hello {
    fn handle(_: IncomingRequest, out: ResponseOutparam) {
        #[cfg(feature = "read")]
        bindings::wasi::keyvalue::store::open("default")
            .and_then(|bucket| bucket.get("imdsim/state"))
            .expect("the host has a key-value store");
        let fields = [
            ("content-type".to_owned(), b"text/plain".to_vec()),
            ("content-length".to_owned(), BODY.len().to_string().into()),
        ];
        let fields = Fields::from_list(&fields).expect("the fields are valid");
        let response = OutgoingResponse::new(fields);
        let body = response.body().expect("the body is taken once");
        let stream = body.write().expect("the stream is taken once");
        // So few bytes always fit.
        if stream.check_write().is_ok() {
            let _ = stream.write(BODY);
        }
        ResponseOutparam::set(out, Ok(response));
        drop(stream);
        let _ = OutgoingBody::finish(body, None);
    }
}

#[allow(unsafe_code, reason = "the generated glue needs it")]
mod export {
    use super::{Hello, bindings};
    bindings::export!(Hello with_types_in bindings);
}

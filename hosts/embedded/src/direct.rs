//! Conversion between the interface `direct` and the `http` crate's types.

use http::{HeaderName, HeaderValue, Method, Request, Uri};
use imdsim::{Emulator, header_frames};
use imdsim_adapter::{Answer, nanoseconds};

use crate::bindings::exports::imdsim::emulator::direct;

/// Converts a request, with only the headers that can affect its response.
pub(crate) fn request(emulator: &Emulator, given: direct::Request) -> Request<Vec<u8>> {
    let mut request = Request::new(given.body);
    *request.method_mut() = given.method.parse().unwrap_or(Method::TRACE);
    // An invalid target is treated as `/`.
    *request.uri_mut() = given
        .target
        .try_into()
        .unwrap_or_else(|_| Uri::from_static("/"));
    let matters = emulator.headers_that_matter(request.method(), request.uri().path());
    for (name, value) in header_frames::read(&given.fields) {
        let name = match matters {
            Some(names) => names
                .iter()
                .find(|known| known.as_bytes() == name)
                .map(|known| HeaderName::from_static(known)),
            None => HeaderName::from_bytes(name).ok(),
        };
        if let (Some(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
            request.headers_mut().append(name, value);
        }
    }
    request
}

/// Converts a response.
pub(crate) fn response(answer: Answer) -> direct::Response {
    let response = answer.response;
    let mut fields = Vec::with_capacity(512);
    for (name, value) in &response.headers {
        header_frames::push(&mut fields, name.as_str(), value.as_bytes());
    }
    direct::Response {
        status: response.status.as_u16(),
        fields,
        body: response.body,
        delivery: match answer.delivery {
            imdsim::Delivery::Complete => direct::Delivery::Complete,
            imdsim::Delivery::Aborted => direct::Delivery::Aborted,
            imdsim::Delivery::Truncated(length) => {
                direct::Delivery::Truncated(u32::try_from(length).unwrap_or(u32::MAX))
            }
        },
        delay: nanoseconds(answer.delay),
        fault: answer.fault,
    }
}

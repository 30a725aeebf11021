//! Conversion between the interface `direct` and the `http` crate's types.

use http::{HeaderValue, Method, Request, Uri};
use imdsim::constants::REQUEST_HEADERS;
use imdsim::header_fields::Part;
use imdsim::{Emulator, header_fields, pieces};
use imdsim_adapter::{Answer, nanoseconds};

use crate::bindings::exports::imdsim::emulator::direct;

/// Converts a request, with only the headers that can affect its response.
pub(crate) fn request(emulator: &Emulator, given: direct::Request) -> Request<Vec<u8>> {
    let mut request = Request::new(given.body);
    let mut head = &*given.head;
    let mut next = || pieces::take(&mut head).unwrap_or_default();
    *request.method_mut() = Method::from_bytes(next()).unwrap_or(Method::TRACE);
    // An invalid target is treated as `/`.
    *request.uri_mut() = Uri::try_from(next()).unwrap_or_else(|_| Uri::from_static("/"));
    let matters = emulator.headers_that_matter(request.method(), request.uri().path());
    let matters = matters.unwrap_or(&REQUEST_HEADERS);
    for (name, value) in header_fields::read(head) {
        if let Some(name) = matters.iter().find(|known| name == **known)
            && let Some(value) = header_value(&value)
        {
            request.headers_mut().append(name.clone(), value);
        }
    }
    request
}

fn header_value(value: &Part<'_, HeaderValue>) -> Option<HeaderValue> {
    match value {
        Part::Numbered(value) => Some(HeaderValue::clone(value)),
        Part::Bytes(bytes) => HeaderValue::from_bytes(bytes).ok(),
    }
}

/// Converts a response.
pub(crate) fn response(answer: Answer) -> direct::Response {
    let response = answer.response;
    let mut fields = Vec::with_capacity(512);
    for (name, value) in &response.headers {
        header_fields::push(&mut fields, name, value.as_bytes());
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
        entry: answer.entry.map(|entry| direct::Entry {
            time: entry.time.0,
            version: entry.version,
            status: entry.status,
            token: entry.token.map(u32::from_be_bytes),
            token_age: entry.token_age,
            capacity: entry.capacity,
            is_frozen: entry.is_frozen,
        }),
    }
}

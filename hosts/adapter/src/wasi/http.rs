//! Between `wasi:http` and the `http` crate's types.

use std::time::Duration;

use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri};
use imdsim::{Emulator, Ending, Reply};

use super::bindings::wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use super::bindings::wasi::io::streams::{InputStream, OutputStream, StreamError};
use super::host::wait;
use crate::answer::Answer;

/// How much is asked for at a time while a body is read.
const CHUNK: u64 = 64 * 1024;

/// How long a host gets to send the beginning of a body that breaks off.
const CUT_PAUSE: Duration = Duration::from_millis(20);

/// Reads a whole request, body included.
pub fn read(emulator: &Emulator, incoming: &IncomingRequest) -> Request<Vec<u8>> {
    let mut request = Request::new(Vec::new());
    *request.method_mut() = method(&incoming.method());
    // A target that is no URI cannot reach a guest; were one to, it names nothing.
    *request.uri_mut() = incoming
        .path_with_query()
        .and_then(|path| path.try_into().ok())
        .unwrap_or_else(|| Uri::from_static("/"));
    let (method, path) = (request.method(), request.uri().path());
    let headers = incoming.headers();
    if let Some(names) = emulator.headers_that_matter(method, path) {
        // Copying the others would cost more than the answer.
        for name in names {
            for value in headers.get(name) {
                append(&mut request, HeaderName::from_static(name), value);
            }
        }
        return request;
    }
    for (name, value) in headers.entries() {
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            append(&mut request, name, value);
        }
    }
    // Hosts keep `Host` to themselves and tell what it says this way.
    if let Some(authority) = incoming.authority() {
        request.headers_mut().remove(HOST);
        append(&mut request, HOST, authority.into());
    }
    if announces_body(request.headers())
        && let Ok(body) = incoming.consume()
        && let Ok(stream) = body.stream()
    {
        *request.body_mut() = read_all(&stream);
    }
    request
}

/// A value that is none cannot reach a guest.
fn append(request: &mut Request<Vec<u8>>, name: HeaderName, value: Vec<u8>) {
    if let Ok(value) = HeaderValue::try_from(value) {
        request.headers_mut().append(name, value);
    }
}

/// Sends a response when its time has come.
///
/// The body is written before the response is handed over, as far as the host
/// takes it: head and body then leave in one segment. (Spin leaves Nagle's
/// algorithm on; the other order costs 44 ms on a kept-alive connection.)
pub fn write(answer: &Answer, out: ResponseOutparam) {
    let Answer {
        reply,
        ending,
        delay,
    } = answer;
    wait(*delay);
    let outgoing = OutgoingResponse::new(fields(reply));
    if reply.status != StatusCode::OK {
        outgoing
            .set_status_code(reply.status.as_u16())
            .expect("an http::StatusCode is a status code");
    }
    let body = outgoing.body().expect("the body is taken once");
    if *ending == Ending::Closed {
        // A body that ends before it has begun ends the connection before
        // a byte of the head is out, which an error would not on every host.
        drop(body);
        ResponseOutparam::set(out, Ok(outgoing));
        return;
    }
    let stream = body.write().expect("the stream is taken once");
    if let Ending::Cut(length) = *ending {
        let rest = write_some(&stream, &reply.body[..length.min(reply.body.len())]);
        ResponseOutparam::set(out, Ok(outgoing));
        write_rest(&stream, rest);
        // What was written is on its way when the body breaks off.
        let _ = stream.blocking_flush();
        wait(CUT_PAUSE);
        return;
    }
    let rest = write_some(&stream, &reply.body);
    ResponseOutparam::set(out, Ok(outgoing));
    write_rest(&stream, rest);
    drop(stream);
    // The answer to HEAD states a length and has no body, which `finish`
    // reports; a client that went away, it reports too. Neither matters.
    let _ = OutgoingBody::finish(body, None);
}

/// The header fields, borrowed as the bindings allow.
fn fields(reply: &Reply) -> Fields {
    let headers = reply.headers.iter();
    let fields: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    Fields::from_list(&fields).expect("the core sets no header that a host owns")
}

fn method(method: &Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Head => http::Method::HEAD,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Delete => http::Method::DELETE,
        Method::Connect => http::Method::CONNECT,
        Method::Options => http::Method::OPTIONS,
        Method::Trace => http::Method::TRACE,
        Method::Patch => http::Method::PATCH,
        Method::Other(name) => name.parse().unwrap_or(http::Method::TRACE),
    }
}

/// A request without these headers has no body (RFC 9112, section 6.3), which
/// saves most requests the asking.
fn announces_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING)
        || headers
            .get(CONTENT_LENGTH)
            .is_some_and(|length| length != "0")
}

fn read_all(stream: &InputStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Ok(chunk) = stream.blocking_read(CHUNK) {
        bytes.extend(chunk);
    }
    bytes
}

/// Writes what the stream takes without waiting and returns what is left.
fn write_some<'a>(stream: &OutputStream, content: &'a [u8]) -> &'a [u8] {
    let mut rest = content;
    while !rest.is_empty() {
        let Ok(room @ 1..) = stream.check_write() else {
            break;
        };
        let (piece, later) =
            rest.split_at(rest.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
        if stream.write(piece).is_err() {
            break;
        }
        rest = later;
    }
    rest
}

/// Writes the rest, waiting for the host; a client that is gone ends it.
fn write_rest(stream: &OutputStream, mut rest: &[u8]) {
    while !rest.is_empty() {
        stream.subscribe().block();
        if let Err(StreamError::Closed | StreamError::LastOperationFailed(_)) = stream.check_write()
        {
            return;
        }
        rest = write_some(stream, rest);
    }
}

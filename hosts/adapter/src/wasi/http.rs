//! Between `wasi:http` and the `http` crate's types.

use std::time::Duration;

use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri};
use imdsim::limits::MAX_BODY_LEN;
use imdsim::{Connection, Delivery, Emulator, MetadataResponse, wire};

use super::bindings::wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use super::bindings::wasi::io::streams::{InputStream, OutputStream, StreamError};
use super::host::{Deadline, wait};
use crate::answer::Answer;

/// How much is asked for at a time while a body is read.
const CHUNK: u64 = 64 * 1024;

/// How long a client may take to send a body, and to take one.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How long a host gets to send the beginning of a body that breaks off.
const CUT_PAUSE: Duration = Duration::from_millis(20);

/// Reads a request as far as its answer can depend on it, and no body before it
/// is known that whoever sends it may do so. The error is the status of a refusal.
pub fn read(
    emulator: &Emulator,
    incoming: &IncomingRequest,
) -> Result<Request<Vec<u8>>, StatusCode> {
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
        for name in names.iter().filter(|name| **name != wire::PEER_NAME) {
            for value in headers.get(name) {
                append(&mut request, HeaderName::from_static(name), value);
            }
        }
        name_host(&mut request, incoming);
        return Ok(request);
    }
    for (name, value) in headers.entries() {
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            append(&mut request, name, value);
        }
    }
    // These hosts do not tell who asks, so this is the client's own word.
    request.headers_mut().remove(wire::PEER);
    name_host(&mut request, incoming);
    let stated = stated_len(request.headers());
    if stated.is_some_and(|stated| stated > MAX_BODY_LEN) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    // Hosts keep `Transfer-Encoding` to themselves, so a body need not have been
    // announced.
    if stated != Some(0)
        && emulator.reads_body(Connection::Unknown, &request)
        && let Ok(body) = incoming.consume()
        && let Ok(stream) = body.stream()
    {
        *request.body_mut() = read_body(&stream)?;
    }
    Ok(request)
}

/// What `Content-Length` says. What is no number is larger than any.
fn stated_len(headers: &HeaderMap) -> Option<usize> {
    let value = headers.get(CONTENT_LENGTH)?;
    let number = value.to_str().ok().and_then(|value| value.parse().ok());
    Some(number.unwrap_or(usize::MAX))
}

/// Hosts keep `Host` to themselves and tell what it says this way.
fn name_host(request: &mut Request<Vec<u8>>, incoming: &IncomingRequest) {
    if let Some(authority) = incoming.authority() {
        request.headers_mut().remove(HOST);
        append(request, HOST, authority.into());
    }
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
        delivery,
        delay,
        fault: _,
    } = answer;
    wait(*delay);
    let outgoing = OutgoingResponse::new(fields(reply));
    if reply.status != StatusCode::OK {
        outgoing
            .set_status_code(reply.status.as_u16())
            .expect("an http::StatusCode is a status code");
    }
    let body = outgoing.body().expect("the body is taken once");
    if *delivery == Delivery::Aborted {
        // A body that ends before it has begun ends the connection before
        // a byte of the head is out, which an error would not on every host.
        drop(body);
        ResponseOutparam::set(out, Ok(outgoing));
        return;
    }
    let stream = body.write().expect("the stream is taken once");
    if let Delivery::Truncated(length) = *delivery {
        let rest = write_some(&stream, &reply.body[..length.min(reply.body.len())]);
        ResponseOutparam::set(out, Ok(outgoing));
        write_rest(&stream, rest);
        // What was written is on its way when the body breaks off.
        if stream.flush().is_ok() && Deadline::after(TIMEOUT).allows(&stream.subscribe()) {
            wait(CUT_PAUSE);
        }
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
fn fields(reply: &MetadataResponse) -> Fields {
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

/// Reads a body to its end, or up to the limits of length and time.
fn read_body(stream: &InputStream) -> Result<Vec<u8>, StatusCode> {
    let deadline = Deadline::after(TIMEOUT);
    let mut bytes = Vec::new();
    loop {
        match stream.read(CHUNK) {
            Ok(chunk) if chunk.is_empty() => {
                if !deadline.allows(&stream.subscribe()) {
                    return Err(StatusCode::REQUEST_TIMEOUT);
                }
            }
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => return Err(StatusCode::BAD_REQUEST),
        }
        if bytes.len() > MAX_BODY_LEN {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
    }
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

/// Writes the rest, waiting for the host. A client that is gone ends it, as does
/// one that does not read.
fn write_rest(stream: &OutputStream, mut rest: &[u8]) {
    if rest.is_empty() {
        return;
    }
    let deadline = Deadline::after(TIMEOUT);
    while !rest.is_empty() && deadline.allows(&stream.subscribe()) {
        if let Err(StreamError::Closed | StreamError::LastOperationFailed(_)) = stream.check_write()
        {
            return;
        }
        rest = write_some(stream, rest);
    }
}

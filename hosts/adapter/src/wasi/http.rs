//! Conversion between `wasi:http` and the `http` crate's types.

use std::time::Duration;

use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri};
use imdsim::constants::REQUEST_HEADERS;
use imdsim::limits::MAX_BODY_LEN;
use imdsim::{Connection, Delivery, Emulator, MetadataResponse, constants};

use super::bindings::wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use super::bindings::wasi::io::streams::{InputStream, OutputStream, StreamError};
use super::host::{Deadline, wait};
use crate::answer::Answer;

/// Number of bytes to request at a time while reading a body.
const CHUNK: u64 = 64 * 1024;

/// Timeout for receiving and for sending a body.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Time for the host to send the start of a truncated body.
const TRUNCATION_DELAY: Duration = Duration::from_millis(20);

/// Reads the parts of a request that can affect its response. Reads a body only
/// after the client is known to be allowed to send one. The error is the status
/// of a rejection.
pub fn read(
    emulator: &Emulator,
    incoming: &IncomingRequest,
) -> Result<Request<Vec<u8>>, StatusCode> {
    let mut request = Request::new(Vec::new());
    *request.method_mut() = method(&incoming.method());
    // Hosts reject invalid targets, so the fallback should not occur.
    *request.uri_mut() = incoming
        .path_with_query()
        .and_then(|path| path.try_into().ok())
        .unwrap_or_else(|| Uri::from_static("/"));
    let (method, path) = (request.method(), request.uri().path());
    let headers = incoming.headers();
    let authority = incoming.authority();
    // Hosts hide `Host`, and do not report the peer, so a client must have set it.
    let is_hidden =
        |name: &HeaderName| name == constants::PEER || name == HOST && authority.is_some();
    if let Some(names) = emulator.headers_that_matter(method, path) {
        // Copying the other headers would cost more than the response.
        for name in names.iter().filter(|name| !is_hidden(name)) {
            for value in headers.get(name.as_str()) {
                append(&mut request, name.clone(), value);
            }
        }
        set_host(&mut request, authority);
        return Ok(request);
    }
    for (name, value) in headers.entries() {
        let mut names = REQUEST_HEADERS.iter();
        if let Some(known) = names.find(|known| name.eq_ignore_ascii_case(known.as_str()))
            && !is_hidden(known)
        {
            append(&mut request, known.clone(), value);
        }
    }
    set_host(&mut request, authority);
    let declared = content_length(request.headers());
    if declared.is_some_and(|declared| declared > MAX_BODY_LEN) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    // Hosts hide `Transfer-Encoding`, so there can be a body without a declared
    // length.
    if declared != Some(0)
        && emulator.reads_body(Connection::Unknown, &request)
        && let Ok(body) = incoming.consume()
        && let Ok(stream) = body.stream()
    {
        *request.body_mut() = read_body(&stream)?;
    }
    Ok(request)
}

/// The value of `Content-Length`; `usize::MAX` if it is not a number.
fn content_length(headers: &HeaderMap) -> Option<usize> {
    let value = headers.get(CONTENT_LENGTH)?;
    let number = value.to_str().ok().and_then(|value| value.parse().ok());
    Some(number.unwrap_or(usize::MAX))
}

/// Sets `Host` from the authority.
fn set_host(request: &mut Request<Vec<u8>>, authority: Option<String>) {
    if let Some(authority) = authority {
        append(request, HOST, authority.into());
    }
}

/// Appends a header field. Hosts reject invalid values, so none should be dropped.
fn append(request: &mut Request<Vec<u8>>, name: HeaderName, value: Vec<u8>) {
    if let Ok(value) = HeaderValue::try_from(value) {
        request.headers_mut().append(name, value);
    }
}

/// Sends a response after its delay.
///
/// Writes as much of the body as the host accepts before it hands over the
/// response, so that head and body leave in one segment. (Spin leaves Nagle's
/// algorithm on; the other order costs 44 ms on a kept-alive connection.)
pub fn write(answer: &Answer, out: ResponseOutparam) {
    let Answer {
        response,
        delivery,
        delay,
        fault: _,
        entry: _,
    } = answer;
    wait(*delay);
    let outgoing = OutgoingResponse::new(fields(response));
    if response.status != StatusCode::OK {
        outgoing
            .set_status_code(response.status.as_u16())
            .expect("an http::StatusCode is a status code");
    }
    let body = outgoing.body().expect("the body is taken once");
    if *delivery == Delivery::Aborted {
        // Dropping an unfinished body closes the connection before the head is
        // sent; an error response would not on every host.
        drop(body);
        ResponseOutparam::set(out, Ok(outgoing));
        return;
    }
    let stream = body.write().expect("the stream is taken once");
    if let Delivery::Truncated(length) = *delivery {
        let rest = write_some(&stream, &response.body[..length.min(response.body.len())]);
        ResponseOutparam::set(out, Ok(outgoing));
        write_rest(&stream, rest);
        // Lets the host send what was written before the body breaks off.
        if stream.flush().is_ok() && Deadline::after(TIMEOUT).wait_for(&stream.subscribe()) {
            wait(TRUNCATION_DELAY);
        }
        return;
    }
    let rest = write_some(&stream, &response.body);
    ResponseOutparam::set(out, Ok(outgoing));
    write_rest(&stream, rest);
    drop(stream);
    // Fails for HEAD, whose declared length has no body, and for clients that
    // disconnected. Neither matters.
    let _ = OutgoingBody::finish(body, None);
}

/// The header fields of a response.
fn fields(response: &MetadataResponse) -> Fields {
    let headers = response.headers.iter();
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

/// Reads a body completely, within the limits of length and time.
fn read_body(stream: &InputStream) -> Result<Vec<u8>, StatusCode> {
    let deadline = Deadline::after(TIMEOUT);
    let mut bytes = Vec::new();
    loop {
        match stream.read(CHUNK) {
            Ok(chunk) if chunk.is_empty() => {
                if !deadline.wait_for(&stream.subscribe()) {
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

/// Writes as much as the stream accepts without waiting and returns the rest.
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

/// Writes the rest, waiting for the host. Stops if the client disconnects or
/// does not read.
fn write_rest(stream: &OutputStream, mut rest: &[u8]) {
    if rest.is_empty() {
        return;
    }
    let deadline = Deadline::after(TIMEOUT);
    while !rest.is_empty() && deadline.wait_for(&stream.subscribe()) {
        if let Err(StreamError::Closed | StreamError::LastOperationFailed(_)) = stream.check_write()
        {
            return;
        }
        rest = write_some(stream, rest);
    }
}

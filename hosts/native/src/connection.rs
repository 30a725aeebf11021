//! The parts of a response that a guest cannot control: the end of the
//! connection, and the exact bytes of the head.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, SERVER};
use http::{HeaderMap, HeaderValue, Response, StatusCode, Version};
use hyper::body::{Body, Frame, SizeHint};
use hyper::ext::ReasonPhrase;

/// The real service's reason phrase for 405.
const NOT_ALLOWED: ReasonPhrase = ReasonPhrase::from_static(b"Not Allowed");

/// Whether the connection stays open after the response.
///
/// The real service closes it unless the client asks for `keep-alive`, even
/// under HTTP/1.1. `always` is `--keep-alive`: the connection then stays open
/// unless the client asks to close it.
pub(crate) fn stays_open(version: Version, headers: &HeaderMap, always: bool) -> bool {
    let mut fields = headers.get_all(CONNECTION).iter();
    if let (Some(only), None) = (fields.next(), fields.next())
        && only.as_bytes().eq_ignore_ascii_case(b"keep-alive")
    {
        return true;
    }
    let says = |wanted: &str| {
        headers
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|token| token.trim().eq_ignore_ascii_case(wanted))
    };
    if says("close") {
        return false;
    }
    (always && version >= Version::HTTP_11) || says("keep-alive")
}

/// Completes the component's response. `None` closes the connection without a
/// response.
pub(crate) fn finish(
    response: Response<ResponseBody>,
    stays_open: bool,
) -> Option<Response<ResponseBody>> {
    let (mut head, body) = response.into_parts();
    if body.is_truncated && body.bytes.is_empty() {
        return None;
    }
    if head.status == StatusCode::METHOD_NOT_ALLOWED {
        head.extensions.insert(NOT_ALLOWED);
    }
    if !stays_open {
        head.headers = with_close(head.headers);
    }
    Some(Response::from_parts(head, body))
}

/// A response of the program itself, without a body, that closes the
/// connection.
pub(crate) fn refuse(status: StatusCode) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::default());
    *response.status_mut() = status;
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}

/// The same with a sentence as the body.
pub(crate) fn refuse_saying(status: StatusCode, sentence: &'static str) -> Response<ResponseBody> {
    let mut response = refuse(status);
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    *response.body_mut() = ResponseBody::new(Bytes::from_static(sentence.as_bytes()));
    response
}

/// A response body, complete or truncated.
///
/// An empty body does not report its end at once: hyper would then move
/// `Content-Length: 0` to the end of the head.
#[derive(Debug, Default)]
pub(crate) struct ResponseBody {
    bytes: Bytes,
    is_truncated: bool,
    /// Whether the bytes of a truncated body were passed to hyper.
    is_sent: bool,
}

impl ResponseBody {
    /// A complete body.
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self {
            bytes,
            ..Self::default()
        }
    }

    /// The start of a body, after which the connection closes.
    pub(crate) fn truncated(bytes: Bytes) -> Self {
        Self {
            bytes,
            is_truncated: true,
            is_sent: false,
        }
    }

    /// The number of bytes to send.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let bytes = std::mem::take(&mut self.bytes);
        if !bytes.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if !self.is_truncated {
            return Poll::Ready(None);
        }
        if self.is_sent {
            return Poll::Ready(Some(Err(aborted())));
        }
        // hyper flushes its buffer before it polls again.
        self.is_sent = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn size_hint(&self) -> SizeHint {
        if self.is_truncated {
            SizeHint::default()
        } else {
            SizeHint::with_exact(self.bytes.len() as u64)
        }
    }
}

/// The error by which a fault closes a connection.
pub(crate) fn aborted() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "a fault breaks off the answer",
    )
}

/// Puts `Connection: close` after `Server`, as in the captures.
fn with_close(headers: HeaderMap) -> HeaderMap {
    let close = HeaderValue::from_static("close");
    let mut extended = HeaderMap::with_capacity(headers.len() + 1);
    let mut name = None;
    for (next, value) in headers {
        // `None` repeats the previous name.
        name = next.or(name);
        let Some(name) = &name else { continue };
        extended.append(name.clone(), value);
        if name == SERVER {
            extended.insert(CONNECTION, close.clone());
        }
    }
    if !extended.contains_key(CONNECTION) {
        extended.insert(CONNECTION, close);
    }
    extended
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{ACCEPT, HeaderName};

    #[track_caller]
    fn check(version: Version, connection: &[&'static str], always: bool, expected: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        for value in connection {
            headers.append(CONNECTION, HeaderValue::from_static(value));
        }
        assert_eq!(stays_open(version, &headers, always), expected);
    }

    #[test]
    fn a_connection_closes_unless_the_client_asks_for_keep_alive() {
        check(Version::HTTP_11, &[], false, false);
        check(Version::HTTP_11, &["close"], false, false);
        check(Version::HTTP_11, &["Keep-Alive"], false, true);
        check(Version::HTTP_10, &["keep-alive"], false, true);
        check(Version::HTTP_11, &["TE, keep-alive"], false, true);
        check(Version::HTTP_11, &["keep-alive-ish"], false, false);
    }

    #[test]
    fn close_takes_precedence_over_keep_alive() {
        check(Version::HTTP_11, &["keep-alive", "close"], false, false);
        check(Version::HTTP_11, &["keep-alive, Close"], true, false);
    }

    #[test]
    fn with_the_flag_a_connection_stays_open_unless_the_client_asks_to_close() {
        check(Version::HTTP_11, &[], true, true);
        check(Version::HTTP_11, &["close"], true, false);
        check(Version::HTTP_10, &[], true, false);
    }

    #[test]
    fn connection_close_follows_server() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("date", "d"), ("server", "s"), ("content-type", "t")] {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let names: Vec<String> = with_close(headers)
            .keys()
            .map(ToString::to_string)
            .collect();
        assert_eq!(names, ["date", "server", "connection", "content-type"]);
    }

    #[test]
    fn without_server_connection_close_comes_last() {
        let names: Vec<String> = with_close(HeaderMap::new())
            .keys()
            .map(ToString::to_string)
            .collect();
        assert_eq!(names, ["connection"]);
    }
}

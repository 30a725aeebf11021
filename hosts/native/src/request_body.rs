//! Reading a request body, up to a limit.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::EXPECT;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use imdsim::limits::MAX_BODY_LEN;
use tokio::time::timeout;

/// How many bytes of a too large body are discarded, so that a client that
/// writes everything before it reads receives the error.
const MAX_DISCARDED: usize = 16 * 1024 * 1024;

/// How long a client may take to send a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads the whole body. Returns the status of the error response on failure.
pub(crate) async fn read_body(request: Request<Incoming>) -> Result<Request<Bytes>, StatusCode> {
    let (head, body) = request.into_parts();
    if body.is_end_stream() {
        return Ok(Request::from_parts(head, Bytes::new()));
    }
    let stated = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    // A client that sent `Expect: 100-continue` has not sent the body yet.
    if stated > MAX_BODY_LEN && (head.headers.contains_key(EXPECT) || stated > MAX_DISCARDED) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    match timeout(BODY_TIMEOUT, read_frames(body)).await {
        Ok(bytes) => Ok(Request::from_parts(head, bytes?)),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

async fn read_frames(mut body: Incoming) -> Result<Bytes, StatusCode> {
    let mut bytes = BytesMut::new();
    let mut len = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| StatusCode::BAD_REQUEST)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        len += data.len();
        if len <= MAX_BODY_LEN {
            bytes.extend_from_slice(&data);
        } else if len > MAX_DISCARDED {
            break;
        }
    }
    if len > MAX_BODY_LEN {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    Ok(bytes.freeze())
}

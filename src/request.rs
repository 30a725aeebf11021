//! A request to the metadata service, parsed.

use http::{HeaderMap, HeaderValue, Method, Request};

use crate::constants;
use crate::limits::MAX_TARGET_LEN;
use crate::path;

/// Returns the IMDS version of a request, or `None` for the control API: 2 for
/// a request that asks for or sends a session token, else 1.
pub fn imds_version<B>(request: &Request<B>) -> Option<u8> {
    let path = path::normalize(request.uri().path());
    (!path::is_control(&path)).then(|| MetadataRequest::new(request, &path).version)
}

/// The parts of a request that the service, faults and the journal use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MetadataRequest<'a> {
    /// The path as sent.
    pub(crate) target: &'a str,
    /// The normalized path.
    pub(crate) path: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) headers: &'a HeaderMap,
    /// The session token sent, valid or not; the first of several (the reference
    /// is silent).
    pub(crate) token: Option<&'a [u8]>,
    /// The IMDS version: 2 for a request that asks for or sends a session token,
    /// else 1.
    pub(crate) version: u8,
}

impl<'a> MetadataRequest<'a> {
    /// Parses a request for a normalized path.
    pub(crate) fn new<B>(request: &'a Request<B>, path: &'a str) -> Self {
        let headers = request.headers();
        let mut request = Self {
            target: request.uri().path(),
            path,
            method: request.method(),
            headers,
            token: headers.get(constants::TOKEN).map(HeaderValue::as_bytes),
            version: 1,
        };
        if request.token.is_some() || request.is_for_token() {
            request.version = 2;
        }
        request
    }

    /// Whether the path exceeds the limit; such a request is rejected before any
    /// other check.
    pub(crate) fn is_too_long(&self) -> bool {
        self.target.len() > MAX_TARGET_LEN
    }

    /// Whether the request asks for a session token.
    pub(crate) fn is_for_token(&self) -> bool {
        self.method == Method::PUT && self.path == constants::TOKEN_PATH
    }
}

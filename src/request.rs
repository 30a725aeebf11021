//! A request to the metadata service, parsed.

use http::{HeaderMap, HeaderValue, Method, Request};

use crate::constants;
use crate::limits::MAX_TARGET_LEN;
use crate::path;

/// The version of IMDS that a request speaks; see `MetadataRequest::version`. The
/// control API is no part of the service and has none.
pub fn imds_version<B>(request: &Request<B>) -> Option<u8> {
    let path = path::normalize(request.uri().path());
    (!path::is_control(&path)).then(|| MetadataRequest::new(request, &path).version)
}

/// What the service, faults and the journal look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MetadataRequest<'a> {
    /// The path as it came.
    pub(crate) target: &'a str,
    /// The normalised path.
    pub(crate) path: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) headers: &'a HeaderMap,
    /// The session token that it shows, good or bad. Of several the first
    /// counts (the reference is silent).
    pub(crate) token: Option<&'a [u8]>,
    /// 2 for a request that asks for a session token or shows one; 1 for others.
    pub(crate) version: u8,
}

impl<'a> MetadataRequest<'a> {
    /// Looks at a request for a normalised path.
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

    /// Whether its path is too long to look at: it is refused before anything
    /// else is.
    pub(crate) fn is_too_long(&self) -> bool {
        self.target.len() > MAX_TARGET_LEN
    }

    /// Whether it asks for a session token.
    pub(crate) fn is_for_token(&self) -> bool {
        self.method == Method::PUT && self.path == constants::TOKEN_PATH
    }
}

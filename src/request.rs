//! What a request to the metadata service is, whatever comes of it.

use http::{Method, Request};

use crate::control;
use crate::path;
use crate::wire;

/// The version of IMDS that a request speaks; see [`Asked::version`]. The
/// control API is no part of the service and has none.
pub fn imds_version<B>(request: &Request<B>) -> Option<u8> {
    let path = path::normalize(request.uri().path());
    (!control::owns(&path)).then(|| Asked::new(request, &path).version)
}

/// What faults and the journal look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// The normalised path.
    pub(crate) path: &'a str,
    pub(crate) method: &'a Method,
    /// 2 for a request that asks for a session token or shows one, good or
    /// bad; 1 for others.
    pub(crate) version: u8,
}

impl<'a> Asked<'a> {
    /// Looks at a request for a normalised path.
    pub(crate) fn new<B>(request: &'a Request<B>, path: &'a str) -> Self {
        let method = request.method();
        let mints = method == Method::PUT && path == wire::TOKEN_PATH;
        let shows = request.headers().contains_key(wire::TOKEN);
        Self {
            path,
            method,
            version: if mints || shows { 2 } else { 1 },
        }
    }
}

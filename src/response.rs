//! Responses of the metadata service, header by header in the order of the
//! captures (reference 5).
//!
//! The host sets `Connection` and the reason phrase; a guest cannot.

use std::borrow::Cow;

use http::header::{
    ACCEPT_RANGES, ALLOW, CONTENT_LENGTH, CONTENT_TYPE, DATE, LAST_MODIFIED, SERVER,
};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::constants;
use crate::time::UnixMillis;

/// A response.
///
/// Its headers are a list, not a map: they are written once, in order, and never
/// looked up, and hashing each would be a noticeable part of a response.
#[derive(Clone, Debug)]
pub struct MetadataResponse {
    /// The status; the host adds the reason phrase.
    pub status: StatusCode,
    /// The headers in the order of sending.
    pub headers: Vec<(HeaderName, Cow<'static, str>)>,
    /// The body; empty for HEAD, regardless of `Content-Length`.
    pub body: Vec<u8>,
}

impl MetadataResponse {
    /// A response without headers.
    pub(crate) fn new(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::with_capacity(8),
            body: Vec::new(),
        }
    }

    /// A response with an empty body.
    pub(crate) fn empty(status: StatusCode, ttl: Option<u64>, now: UnixMillis) -> Self {
        Self::new(status)
            .ttl(ttl)
            .header(CONTENT_TYPE, constants::TEXT)
            .finish(Vec::new(), now)
    }

    /// The 404 page.
    pub(crate) fn not_found(ttl: Option<u64>, now: UnixMillis) -> Self {
        Self::new(StatusCode::NOT_FOUND)
            .ttl(ttl)
            .header(CONTENT_TYPE, constants::HTML)
            .finish(constants::NOT_FOUND_PAGE.into(), now)
    }

    /// A value or a listing.
    pub(crate) fn content(
        media_type: &'static str,
        body: Vec<u8>,
        ttl: Option<u64>,
        loaded: UnixMillis,
        now: UnixMillis,
    ) -> Self {
        Self::new(StatusCode::OK)
            .ttl(ttl)
            .header(CONTENT_TYPE, media_type)
            .header(ACCEPT_RANGES, constants::NO_RANGES)
            .text(LAST_MODIFIED, loaded.http_date())
            .finish(body, now)
    }

    /// A response with the `Allow` header.
    pub(crate) fn allow(
        status: StatusCode,
        methods: &'static str,
        ttl: Option<u64>,
        now: UnixMillis,
    ) -> Self {
        Self::new(status)
            .ttl(ttl)
            .header(CONTENT_TYPE, constants::TEXT)
            .header(ALLOW, methods)
            .finish(Vec::new(), now)
    }

    /// A new token, the only response with `Content-Type` last (reference 5.2).
    pub(crate) fn token(token: String, ttl: u64, now: UnixMillis) -> Self {
        Self::new(StatusCode::OK)
            .ttl(Some(ttl))
            .finish(token.into_bytes(), now)
            .header(CONTENT_TYPE, constants::TEXT)
    }

    pub(crate) fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn text(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn ttl(self, seconds: Option<u64>) -> Self {
        match seconds {
            Some(seconds) => self.text(constants::TOKEN_TTL, seconds.to_string()),
            None => self,
        }
    }

    /// Adds the body, and the headers at the end of every response.
    pub(crate) fn finish(mut self, body: Vec<u8>, now: UnixMillis) -> Self {
        let length = body.len().to_string();
        self.body = body;
        self.text(CONTENT_LENGTH, length)
            .text(DATE, now.http_date())
            .header(SERVER, constants::SERVER)
    }
}

/// For hosts and tests that use the types of the `http` crate.
impl From<MetadataResponse> for Response<Vec<u8>> {
    fn from(reply: MetadataResponse) -> Self {
        let mut response = Self::new(reply.body);
        *response.status_mut() = reply.status;
        for (name, value) in reply.headers {
            // All values that the core writes are valid.
            if let Ok(value) = HeaderValue::try_from(&*value) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

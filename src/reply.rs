//! Responses of the metadata service, header by header in the order of the
//! captures (reference 5).
//!
//! `Connection` and the reason phrase are the host's: a guest cannot set them.

use http::header::{
    ACCEPT_RANGES, ALLOW, CONTENT_LENGTH, CONTENT_TYPE, DATE, LAST_MODIFIED, SERVER,
};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::time::UnixMillis;
use crate::wire;

/// A response in the making.
pub(crate) struct Reply(Response<Vec<u8>>);

impl Reply {
    /// A response without headers.
    pub(crate) fn new(status: StatusCode) -> Self {
        let mut response = Response::new(Vec::new());
        *response.status_mut() = status;
        response.headers_mut().reserve(8);
        Self(response)
    }

    /// An answer that says nothing but its status.
    pub(crate) fn empty(
        status: StatusCode,
        ttl: Option<u64>,
        now: UnixMillis,
    ) -> Response<Vec<u8>> {
        Self::new(status)
            .ttl(ttl)
            .header(CONTENT_TYPE, wire::TEXT)
            .finish(Vec::new(), now)
    }

    /// The 404 page.
    pub(crate) fn not_found(ttl: Option<u64>, now: UnixMillis) -> Response<Vec<u8>> {
        Self::new(StatusCode::NOT_FOUND)
            .ttl(ttl)
            .header(CONTENT_TYPE, wire::HTML)
            .finish(wire::NOT_FOUND_PAGE.into(), now)
    }

    /// A value or a listing.
    pub(crate) fn content(
        media_type: &'static str,
        body: Vec<u8>,
        ttl: Option<u64>,
        loaded: UnixMillis,
        now: UnixMillis,
    ) -> Response<Vec<u8>> {
        Self::new(StatusCode::OK)
            .ttl(ttl)
            .header(CONTENT_TYPE, media_type)
            .header(ACCEPT_RANGES, "none")
            .text(LAST_MODIFIED, loaded.http_date())
            .finish(body, now)
    }

    /// What may be done here.
    pub(crate) fn allow(
        status: StatusCode,
        methods: &'static str,
        ttl: Option<u64>,
        now: UnixMillis,
    ) -> Response<Vec<u8>> {
        Self::new(status)
            .ttl(ttl)
            .header(CONTENT_TYPE, wire::TEXT)
            .header(ALLOW, methods)
            .finish(Vec::new(), now)
    }

    /// A new token, the one answer whose `Content-Type` comes last
    /// (reference 5.2).
    pub(crate) fn token(token: String, ttl: u64, now: UnixMillis) -> Response<Vec<u8>> {
        let Self(mut response) = Self::new(StatusCode::OK)
            .ttl(Some(ttl))
            .close(token.into_bytes(), now);
        let text = HeaderValue::from_static(wire::TEXT);
        response.headers_mut().append(CONTENT_TYPE, text);
        response
    }

    pub(crate) fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.0
            .headers_mut()
            .append(name, HeaderValue::from_static(value));
        self
    }

    pub(crate) fn text(mut self, name: HeaderName, value: String) -> Self {
        if let Ok(value) = HeaderValue::try_from(value) {
            self.0.headers_mut().append(name, value);
        }
        self
    }

    fn ttl(mut self, seconds: Option<u64>) -> Self {
        if let Some(seconds) = seconds {
            self.0.headers_mut().append(wire::TOKEN_TTL, seconds.into());
        }
        self
    }

    /// The body, and the headers that end every response.
    pub(crate) fn finish(self, body: Vec<u8>, now: UnixMillis) -> Response<Vec<u8>> {
        self.close(body, now).0
    }

    fn close(mut self, body: Vec<u8>, now: UnixMillis) -> Self {
        self.0
            .headers_mut()
            .append(CONTENT_LENGTH, body.len().into());
        *self.0.body_mut() = body;
        self.text(DATE, now.http_date())
            .header(SERVER, wire::SERVER)
    }
}

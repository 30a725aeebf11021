//! Errors of the control API: problem documents (RFC 9457).

use http::StatusCode;
use http::header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use serde_json::json;

use crate::problem::Problem;
use crate::response::MetadataResponse;
use crate::time::UnixMillis;

/// A rejected call, with the remedy.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    detail: String,
    allow: Option<&'static str>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            allow: None,
        }
    }

    /// A method that the path does not support.
    pub(super) fn method(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                format!("this path takes {allow} only; use that"),
            )
        }
    }

    #[cfg(test)]
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn response(self, now: UnixMillis) -> MetadataResponse {
        let body = json!({
            "title": self.status.canonical_reason().unwrap_or_default(),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let mut reply =
            MetadataResponse::new(self.status).header(CONTENT_TYPE, "application/problem+json");
        if let Some(methods) = self.allow {
            reply = reply.header(ALLOW, methods);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            reply = reply.header(WWW_AUTHENTICATE, "Bearer");
        }
        reply.finish(body.to_string().into_bytes(), now)
    }
}

/// An error in a document of the request.
impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::new(StatusCode::BAD_REQUEST, problem.to_string())
    }
}

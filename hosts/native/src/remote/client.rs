//! A client of the control API that returns its error details as failures.

use std::time::Duration;

use http::Request;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use ureq::Agent;

use crate::error::Failure;
use crate::http_client::{agent, base_url};

/// How long a call may take. It needs milliseconds.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The control API of one emulator.
pub(super) struct Client {
    agent: Agent,
    url: String,
    token: Option<String>,
}

impl Client {
    /// `place` is the source of the URL, for the error.
    pub(super) fn new(place: &str, url: &str, token: Option<String>) -> Result<Self, Failure> {
        Ok(Self {
            agent: agent(REQUEST_TIMEOUT),
            url: base_url(place, url, "an emulator")?,
            token,
        })
    }

    pub(super) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send("GET", path, None)
    }

    pub(super) fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.send("DELETE", path, None)
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send("POST", path, Some(body))
    }

    pub(super) fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send("PUT", path, Some(body))
    }

    /// Sends a call. A null body is omitted.
    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/_imdsim/{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let body = body.filter(|body| !body.is_null());
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = request
            .body(body)
            .map_err(|error| self.unreachable(&error))?;
        let mut response = self
            .agent
            .run(request)
            .map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let text = response
            .body_mut()
            .read_to_string()
            .map_err(|error| self.unreachable(&error))?;
        let said: Option<Value> = serde_json::from_str(&text).ok();
        match said {
            Some(said) if status.is_success() => Ok(said),
            Some(said) if said["detail"].is_string() => Err(Failure::refused(
                said["detail"].as_str().unwrap_or_default(),
            )),
            _ => Err(Failure::refused(&format!(
                "{}: the server at this address answered {status} and is not imdsim; use the address of an imdsim emulator",
                self.url
            ))),
        }
    }

    fn unreachable(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::refused(&format!(
            "{}: no emulator answers here: {error}; start one with `imdsim`, or give its address \
             by --url",
            self.url
        ))
    }
}

/// The characters of a path segment or query value that need no escape (RFC
/// 3986, unreserved).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Percent-encodes a path segment or query value.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

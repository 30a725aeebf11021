//! An emulator, a store and a clock in one struct, for tests that tell stories.

use http::{Method, Request, Response};
use imdsim::{Ambient, Emulator, UnixMillis};

/// 2026-11-01T00:00:00Z.
const START: UnixMillis = UnixMillis::from_seconds(1_793_491_200);

/// A client with the whole world around it.
pub(crate) struct World {
    emulator: Emulator,
    stored: Option<Vec<u8>>,
    entropy: u8,
    /// The time; move it as the story needs.
    pub(crate) now: UnixMillis,
}

impl World {
    /// A world with these settings, by key.
    pub(crate) fn new(settings: &[(&str, &str)]) -> Self {
        let variables = settings.iter().map(|(key, value)| {
            (
                format!("IMDSIM_{}", key.to_uppercase()),
                (*value).to_owned(),
            )
        });
        Self {
            emulator: Emulator::from_env(variables),
            stored: None,
            entropy: 0,
            now: START,
        }
    }

    /// A world around a document of `tests/data`.
    pub(crate) fn with_instance(file: &str) -> Self {
        let document = crate::transcript::folder().join("data").join(file);
        Self::new(&[("instance", &std::fs::read_to_string(document).unwrap())])
    }

    /// Sends a request and does what a host does with the outcome.
    pub(crate) fn send(&mut self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        self.entropy = self.entropy.wrapping_add(1);
        let ambient = Ambient {
            now: self.now,
            entropy: [self.entropy; 32],
        };
        let outcome = self
            .emulator
            .answer(self.stored.as_deref(), ambient, request);
        if let Some(next) = outcome.next_state {
            self.stored = Some(next);
        }
        outcome.response
    }

    /// A request without a body.
    pub(crate) fn call(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Response<Vec<u8>> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(&request.body(Vec::new()).unwrap())
    }

    /// A new token.
    pub(crate) fn token(&mut self, ttl: &str) -> String {
        let headers = [("x-aws-ec2-metadata-token-ttl-seconds", ttl)];
        let response = self.call(Method::PUT, "/latest/api/token", &headers);
        assert_eq!(response.status(), 200);
        String::from_utf8(response.into_body()).unwrap()
    }

    /// The status and text that a token-bearing GET gives.
    pub(crate) fn get(&mut self, path: &str) -> (u16, String) {
        let token = self.token("60");
        let headers = [("x-aws-ec2-metadata-token", token.as_str())];
        let response = self.call(Method::GET, path, &headers);
        let status = response.status().as_u16();
        (
            status,
            String::from_utf8_lossy(&response.into_body()).into_owned(),
        )
    }

    /// The text of a path that must be there.
    #[track_caller]
    pub(crate) fn text(&mut self, path: &str) -> String {
        let (status, text) = self.get(path);
        assert_eq!(status, 200, "{path}");
        text
    }
}

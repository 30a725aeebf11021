//! An emulator with a store and a clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{Method, Request, Response};
use imdsim::{
    Connection, Emulator, Outcome, RecordedRequest, RequestContext, STATE_KEY, UnixMillis,
};

/// 2026-11-01T00:00:00Z.
const START: UnixMillis = UnixMillis::from_seconds(1_793_491_200);

/// A client with its emulator, store and clock.
pub(crate) struct Client {
    emulator: Emulator,
    settings: Vec<(String, String)>,
    /// The host's store.
    pub(crate) store: BTreeMap<String, Vec<u8>>,
    /// Number of cache entries written so far.
    pub(crate) writes: usize,
    entropy: u8,
    /// The current time, which tests can change.
    pub(crate) now: UnixMillis,
    /// The kind of connection.
    pub(crate) connection: Connection,
}

impl Client {
    /// A client of an emulator with the given settings, by key.
    pub(crate) fn new(settings: &[(&str, &str)]) -> Self {
        let variable = |key: &str| format!("IMDSIM_{}", key.to_uppercase());
        let settings: Vec<_> = settings
            .iter()
            .map(|(key, value)| (variable(key), (*value).to_owned()))
            .collect();
        Self {
            emulator: Emulator::from_env(settings.clone()),
            settings,
            store: BTreeMap::new(),
            writes: 0,
            entropy: 0,
            now: START,
            connection: Connection::Loopback,
        }
    }

    /// A client of the instance in a file of `tests/data`.
    pub(crate) fn with_instance(file: &str) -> Self {
        let document = crate::transcript::folder().join("data").join(file);
        Self::new(&[("instance", &std::fs::read_to_string(document).unwrap())])
    }

    /// Replaces the emulator with a new component instance.
    pub(crate) fn restart(&mut self) {
        self.emulator = Emulator::from_env(self.settings.clone());
    }

    /// A second host with the same settings and a copy of the store.
    pub(crate) fn copy(&self) -> Self {
        Self {
            emulator: Emulator::from_env(self.settings.clone()),
            settings: self.settings.clone(),
            store: self.store.clone(),
            ..*self
        }
    }

    /// Sends a request and returns the complete response.
    pub(crate) fn send(&mut self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        self.outcome(request).response.into()
    }

    /// Sends a request and applies its outcome to the store like a host. The
    /// caller handles the delay and the response.
    pub(crate) fn outcome(&mut self, request: &Request<Vec<u8>>) -> Outcome {
        self.entropy = self.entropy.wrapping_add(1);
        let context = RequestContext {
            now: self.now,
            entropy: [self.entropy; 32],
            connection: self.connection,
        };
        let stored = self.store.get(STATE_KEY).cloned().map(Arc::new);
        let stored = stored.as_ref();
        let emulator = &mut self.emulator;
        let mut outcome = emulator.answer(stored, context, request, &mut self.store);
        self.writes += usize::from(outcome.cache_entry.is_some());
        self.store.extend(outcome.cache_entry.take());
        for key in &outcome.delete_keys {
            self.store.remove(key);
        }
        if let Some(swap) = outcome.swap.take() {
            assert_eq!(self.store.get(swap.key), swap.expected.as_deref());
            self.store.insert(swap.key.to_owned(), swap.next);
        }
        if let Some(entry) = outcome.entry.take() {
            let recorded = RecordedRequest {
                request,
                fault: outcome.fault.as_deref(),
                arrived: u64::try_from(self.now.0).unwrap().saturating_mul(1_000_000),
                took: outcome.delay,
            };
            emulator.record(entry, &recorded, || 0, &mut self.store);
        }
        outcome
    }

    /// Sends a request without a body.
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

    /// Calls the control API and requires success.
    #[track_caller]
    pub(crate) fn control(&mut self, method: Method, path: &str, body: &str) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/_imdsim/{path}"))
            .header("host", "localhost")
            .body(body.as_bytes().to_vec());
        let response = self.send(&request.unwrap());
        let body = String::from_utf8_lossy(response.body());
        assert_eq!(response.status(), 200, "{body}");
    }

    /// Requests a token.
    pub(crate) fn token(&mut self, ttl: &str) -> String {
        let headers = [("x-aws-ec2-metadata-token-ttl-seconds", ttl)];
        let response = self.call(Method::PUT, "/latest/api/token", &headers);
        assert_eq!(response.status(), 200);
        String::from_utf8(response.into_body()).unwrap()
    }

    /// The status and body of a GET request with an optional token.
    pub(crate) fn fetch(&mut self, path: &str, token: Option<&str>) -> (u16, Vec<u8>) {
        let headers: Vec<_> = token
            .map(|token| ("x-aws-ec2-metadata-token", token))
            .into_iter()
            .collect();
        let response = self.call(Method::GET, path, &headers);
        (response.status().as_u16(), response.into_body())
    }

    /// The status and text of a GET request with a new token.
    pub(crate) fn get(&mut self, path: &str) -> (u16, String) {
        let token = self.token("60");
        let (status, body) = self.fetch(path, Some(&token));
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    /// The text at a path that must exist.
    #[track_caller]
    pub(crate) fn text(&mut self, path: &str) -> String {
        let (status, text) = self.get(path);
        assert_eq!(status, 200, "{path}");
        text
    }
}

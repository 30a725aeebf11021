//! An in-memory host shared by the fuzz targets.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{Method, Request};
use imdsim::{RequestContext, Connection, RecordedRequest, Emulator, MetadataResponse, STATE_KEY, UnixMillis};

/// Separates the parts of an input, as in a transcript.
pub const SEPARATOR: &str = "\n###\n";

/// The initial time: 2026-11-01T00:00:00Z.
pub const NOW: UnixMillis = UnixMillis::from_seconds(1_793_491_200);

/// An emulator, a store and a clock.
pub struct Host {
    emulator: Emulator,
    /// The stored values by key.
    pub store: BTreeMap<String, Vec<u8>>,
    /// The current time.
    pub now: UnixMillis,
}

impl Host {
    /// A host with the given settings, by key.
    pub fn new<'s>(settings: impl IntoIterator<Item = (&'s str, &'s str)>) -> Self {
        let variable = |key: &str| format!("IMDSIM_{}", key.to_uppercase());
        let settings = settings.into_iter();
        let settings = settings.map(|(key, value)| (variable(key), value.to_owned()));
        Self {
            emulator: Emulator::from_env(settings),
            store: BTreeMap::new(),
            now: NOW,
        }
    }

    /// Answers a request and applies the outcome like a host, without the delay.
    pub fn send(&mut self, request: &Request<Vec<u8>>) -> MetadataResponse {
        let context = RequestContext {
            now: self.now,
            entropy: [7; 32],
            connection: Connection::Loopback,
        };
        let stored = self.store.get(STATE_KEY).cloned().map(Arc::new);
        let stored = stored.as_ref();
        let outcome = self
            .emulator
            .answer(stored, context, request, &mut self.store);
        let length = outcome
            .response
            .headers
            .iter()
            .find(|(name, _)| name == "content-length");
        let (_, length) = length.expect("every response has a length");
        if request.method() != Method::HEAD {
            assert_eq!(*length, outcome.response.body.len().to_string());
        }
        self.store.extend(outcome.cache_entry);
        for key in &outcome.delete_keys {
            self.store.remove(key);
        }
        if let Some(swap) = outcome.swap {
            assert_eq!(self.store.get(swap.key), swap.expected.as_deref());
            self.store.insert(swap.key.to_owned(), swap.next);
        }
        if let Some(entry) = outcome.entry {
            let recorded = RecordedRequest {
                request,
                fault: outcome.fault.as_deref(),
                arrived: self.now.0.unsigned_abs(),
                took: outcome.delay,
            };
            self.emulator.record(entry, &recorded, || 0, &mut self.store);
        }
        outcome.response
    }

    /// The status of a request without a body.
    pub fn status(&mut self, method: Method, path: &str) -> u16 {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .body(Vec::new())
            .expect("the request is valid");
        self.send(&request).status.as_u16()
    }
}

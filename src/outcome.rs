//! The outcome of a request: the response, and the host's next steps.

use std::sync::Arc;
use std::time::Duration;

use crate::journal::Entry;
use crate::response::MetadataResponse;

/// The response to a request, and the host's next steps: swap a document,
/// store and delete keys, record the journal entry, wait, and send the
/// response.
///
/// A host that loses the race for the document loads it again and repeats the
/// call.
#[derive(Debug)]
pub struct Outcome {
    /// The response. That to HEAD has no body and states the length of the body
    /// that GET would have.
    pub response: MetadataResponse,
    /// How the response reaches the client.
    pub delivery: Delivery,
    /// A document to replace.
    pub swap: Option<Swap>,
    /// A key and value to store for later calls of
    /// [`Emulator::answer`](crate::Emulator::answer). A host that cannot store
    /// it may ignore it.
    pub cache_entry: Option<(String, Vec<u8>)>,
    /// Whether the state document refers to one that is not in the store, since
    /// another writer has replaced both: load it again.
    pub lacks_body: bool,
    /// Keys to delete.
    pub delete_keys: Vec<String>,
    /// The argument of [`Emulator::record`](crate::Emulator::record).
    pub entry: Option<Entry>,
    /// The delay before the response is sent.
    pub delay: Duration,
    /// The id of the fault that applied to the request.
    pub fault: Option<String>,
}

/// A change of a document that must not overwrite a concurrent one.
#[derive(Debug)]
pub struct Swap {
    /// [`STATE_KEY`](crate::STATE_KEY) or [`COUNTERS_KEY`](crate::COUNTERS_KEY).
    /// Losing the latter only costs a count.
    pub key: &'static str,
    /// The expected current value; `None` if the key must be absent.
    pub expected: Option<Arc<Vec<u8>>>,
    /// The new value.
    pub next: Vec<u8>,
}

/// How a response reaches the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Complete.
    #[default]
    Complete,
    /// The connection closes after this many bytes of the body.
    Truncated(usize),
    /// The connection closes before the first byte of the response.
    Aborted,
}

impl Outcome {
    /// A response without delay or side effects.
    pub(crate) fn reply(response: MetadataResponse) -> Self {
        Self {
            response,
            delivery: Delivery::Complete,
            swap: None,
            cache_entry: None,
            lacks_body: false,
            delete_keys: Vec::new(),
            entry: None,
            delay: Duration::ZERO,
            fault: None,
        }
    }
}

//! What passes between the core and whatever runs it.

use std::time::Duration;

use crate::reply::Reply;
use crate::time::UnixMillis;

/// The key of the state document in the host's key-value store.
pub const STATE_KEY: &str = "imdsim/state";

/// What a host hands in with each request because the core may not ask for it.
#[derive(Clone, Copy, Debug)]
pub struct Ambient {
    /// The wall clock at the moment the request arrived.
    pub now: UnixMillis,
    /// Fresh random bytes, enough for anything one request can need.
    pub entropy: [u8; 32],
}

/// What the host must do next: store the state if there is a next one, keep
/// what it is given to keep, wait, and send the response.
///
/// A host that loses a race for the state loads it again and asks anew.
#[derive(Debug)]
pub struct Outcome {
    /// What the client gets. The answer to HEAD has no body and states the
    /// length of the one that GET would have.
    pub response: Reply,
    /// The state document that takes the place of the one handed in.
    pub next_state: Option<Vec<u8>>,
    /// A key and a value for [`Emulator::recall`](crate::Emulator::recall) to
    /// find. A host that cannot store it may forget it.
    pub keep: Option<(String, Vec<u8>)>,
    /// How long the client waits for the response.
    pub delay: Duration,
}

impl Outcome {
    /// An answer that changes nothing and comes at once.
    pub(crate) fn reply(response: Reply) -> Self {
        Self {
            response,
            next_state: None,
            keep: None,
            delay: Duration::ZERO,
        }
    }
}

//! The host's inputs to a request: time, random bytes and connection.

use crate::time::UnixMillis;

/// The host's inputs to a request: time, random bytes and connection.
#[derive(Clone, Copy, Debug)]
pub struct RequestContext {
    /// The wall clock when the request arrived.
    pub now: UnixMillis,
    /// Fresh random bytes, enough for any one request.
    pub entropy: [u8; 32],
    /// Whether the connection is local.
    pub connection: Connection,
}

/// Whether a connection is local, as far as the host knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    /// The host does not know.
    #[default]
    Unknown,
    /// Both ends have a loopback address.
    Loopback,
    /// At least one end has another address.
    Remote,
}

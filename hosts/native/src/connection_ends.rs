//! The addresses of the two ends of a connection.

use std::net::SocketAddr;

use http::HeaderValue;

/// The two ends of a connection.
#[derive(Clone)]
pub(crate) struct ConnectionEnds {
    pub(crate) local: SocketAddr,
    pub(crate) peer: SocketAddr,
    /// The address of the peer, as the header that passes it to the component.
    pub(crate) peer_header: HeaderValue,
}

impl ConnectionEnds {
    pub(crate) fn new(local: SocketAddr, peer: SocketAddr) -> Self {
        let address = peer.ip().to_canonical().to_string();
        Self {
            local,
            peer,
            peer_header: HeaderValue::try_from(address).expect("an address is a header value"),
        }
    }

    /// Whether both ends are on loopback.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(self.local) && is_loopback(self.peer)
    }
}

/// Whether an address is on loopback, as IPv4 within IPv6 too.
pub(crate) fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(local: &str, peer: &str, expected: bool) {
        let ends = ConnectionEnds::new(local.parse().unwrap(), peer.parse().unwrap());
        assert_eq!(ends.is_loopback(), expected, "{local} {peer}");
    }

    #[test]
    fn a_connection_is_loopback_if_both_of_its_ends_are() {
        check("127.0.0.1:4719", "127.0.0.1:50000", true);
        check("127.0.0.2:4719", "127.8.0.1:50000", true);
        check("[::1]:4719", "[::1]:50000", true);
        check("[::ffff:127.0.0.1]:4719", "[::ffff:127.0.0.1]:50000", true);
        check("127.0.0.1:4719", "192.0.2.7:50000", false);
        check("192.0.2.7:4719", "127.0.0.1:50000", false);
        check("192.0.2.7:4719", "192.0.2.7:50000", false);
        check("[::ffff:192.0.2.7]:4719", "[::ffff:192.0.2.7]:5", false);
        check("169.254.169.254:80", "127.0.0.1:50000", false);
    }
}

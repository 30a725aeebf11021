//! Listening sockets.

use std::net::TcpListener;

use crate::error::{Failure, internal_error};
use imdsim::constants::DEFAULT_ADDRESS;

/// Binds an address; `place` is the source of the address, for the error.
pub(crate) fn listen(place: &str, address: &str) -> Result<TcpListener, Failure> {
    use std::io::ErrorKind;

    let listener = TcpListener::bind(address).map_err(|error| {
        let (what, remedy) = match error.kind() {
            ErrorKind::AddrInUse => (
                format!("{address} is in use"),
                "stop the program that listens there, or give another port (0 picks a free one); \
                 if that is imdsim, commands such as `spot` and `reset` reach it by --url"
                    .to_owned(),
            ),
            ErrorKind::PermissionDenied => (
                format!("{address} is not yours to listen on"),
                "use a port above 1023".to_owned(),
            ),
            ErrorKind::AddrNotAvailable => (
                format!("{address} is not an address of this machine"),
                format!("give one that is, for instance {DEFAULT_ADDRESS}"),
            ),
            _ => (
                format!("{address:?} cannot be listened on: {error}"),
                format!("give HOST:PORT, for instance {DEFAULT_ADDRESS}"),
            ),
        };
        Failure::new(place, what, remedy)
    })?;
    listener
        .set_nonblocking(true)
        .map_err(|error| internal_error(&error))?;
    Ok(listener)
}

/// Registers sockets with the current runtime.
pub(crate) fn registered(
    listeners: Vec<TcpListener>,
) -> Result<Vec<tokio::net::TcpListener>, Failure> {
    let listeners = listeners.into_iter();
    listeners
        .map(tokio::net::TcpListener::from_std)
        .collect::<Result<_, _>>()
        .map_err(|error| internal_error(&error))
}

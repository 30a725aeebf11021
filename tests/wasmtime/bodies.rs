//! Request bodies over real connections.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::endpoint::Endpoint as _;
use crate::host::Host;

/// Timeout for a response.
const TIMEOUT: Duration = Duration::from_mins(1);

const PUT: &str = "PUT /_imdsim/user-data HTTP/1.1\r\nConnection: close\r\n";

pub(crate) fn chunked() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::start(Some(folder.path()), &[]);
    let head = format!("{PUT}Host: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    let body = "6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n";
    assert_eq!(status(&host, &[&head, body]), 200);
    let stored = host.call("GET /_imdsim/user-data", &[], "");
    assert_eq!(stored, (200, "hello world".to_owned()));
}

pub(crate) fn too_long() {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::start(Some(folder.path()), &[]);
    // The body is never sent: its declared length alone is rejected.
    let stated = format!("{PUT}Host: localhost\r\nContent-Length: 1048577\r\n\r\n");
    assert_eq!(status(&host, &[&stated]), 413);
    let head = format!("{PUT}Host: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x1_0000));
    let mut pieces = vec![&*head];
    pieces.extend([&*chunk; 64]);
    assert_eq!(status(&host, &pieces), 413);
    assert_eq!(host.call("GET /_imdsim/user-data", &[], "").0, 404);
}

pub(crate) fn of_others() {
    let host = Host::start(None, &[]);
    // The body is never sent: the response does not wait for it.
    let head = format!("{PUT}Host: example.com\r\nContent-Length: 1000\r\n\r\n");
    assert_eq!(status(&host, &[&head]), 403);
}

/// Sends the pieces of a request, as far as the host accepts them, and returns
/// the status of the response.
fn status(host: &Host, pieces: &[&str]) -> u16 {
    let stream = TcpStream::connect(host.address()).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // A host that has rejected a body stops reading it.
            for piece in pieces {
                if (&stream).write_all(piece.as_bytes()).is_err() {
                    return;
                }
            }
        });
        let mut line = [0; 12];
        (&stream).read_exact(&mut line).unwrap();
        let line = std::str::from_utf8(&line).unwrap();
        // Stops the other thread if it is still writing.
        let _ = stream.shutdown(std::net::Shutdown::Both);
        line.strip_prefix("HTTP/1.1 ").unwrap().parse().unwrap()
    })
}

//! Endpoints for requests, in process or at an address.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use crate::as_native::as_native;
use crate::transcript::Message;

/// Something that answers requests.
pub(crate) trait Endpoint {
    /// The response to a request, in the native program's form, as in the
    /// transcripts.
    fn exchange(&self, request: &Message) -> Message;

    /// The status and body of the response.
    fn call(&self, start: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let mut headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        headers.push(("Content-Length".into(), body.len().to_string()));
        let response = self.exchange(&Message {
            start: start.to_owned(),
            headers,
            body: body.to_owned(),
        });
        let status = response.start.split(' ').nth(1).unwrap();
        (status.parse().unwrap(), response.body)
    }
}

/// Sends a request to an address on a new connection.
pub(crate) fn exchange(address: &str, request: &Message) -> Message {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut lines = format!("{} HTTP/1.1\r\n", request.start);
    let has = |wanted: &str| {
        let mut names = request.headers.iter().map(|(name, _)| name);
        names.any(|name| name.eq_ignore_ascii_case(wanted))
    };
    if !has("Host") {
        lines += "Host: 127.0.0.1\r\n";
    }
    for (name, value) in &request.headers {
        lines.extend([name, ": ", value, "\r\n"]);
    }
    if !has("Connection") {
        lines += "Connection: close\r\n";
    }
    write!(stream, "{lines}\r\n{}", request.body).unwrap();
    let mut response = Vec::new();
    match stream.read_to_end(&mut response) {
        // A connection that closes without a response may end in a reset.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        read => drop(read.unwrap()),
    }
    let response = String::from_utf8(response).unwrap();
    let response = response
        .replacen("\r\n\r\n", "\n\n", 1)
        .replace("\r\n", "\n");
    as_native(&Message::parse(&response))
}

//! The request log on stderr, one line per request, as text or JSON.
//!
//! Session tokens are never logged: the only logged header is the user agent.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use clap::{Args, ValueEnum};
use http::header::USER_AGENT;
use http::{Method, Request, StatusCode, Uri};
use jiff::Timestamp;
use serde::Serialize;

use crate::error::{as_json, say};

/// Request log flags. (`serve` logs by default.)
#[derive(Args, Debug, Default)]
pub(crate) struct LogFlags {
    /// Log requests on stderr, as text or as JSON [default: text; of `run`: no log]
    #[arg(
        long,
        value_enum,
        value_name = "text|json",
        hide_possible_values = true
    )]
    pub(crate) log: Option<LogFormat>,
}

/// A format of the request log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line of coloured text.
    #[default]
    Text,
    /// A JSON object per line.
    Json,
}

/// The request log.
pub(crate) struct Log {
    /// `None` disables it.
    format: Option<LogFormat>,
    /// Strips colours when stderr is not a terminal.
    stream: Mutex<AutoStream<io::Stderr>>,
}

/// The log line of a request, written when dropped.
pub(crate) struct Line<'l> {
    log: &'l Log,
    entry: Entry,
}

/// The fields of a line. The first half is recorded before the request is
/// consumed.
struct Entry {
    started: Instant,
    peer: SocketAddr,
    method: Method,
    uri: Uri,
    imds_version: Option<u8>,
    user_agent: Option<String>,
    /// None if the connection closed without an answer.
    status: Option<StatusCode>,
    bytes: usize,
    /// The id of the fault that applied.
    fault: Option<String>,
}

impl Line<'_> {
    /// Records the fault that applies to the request.
    pub(crate) fn fault(&mut self, id: Option<String>) {
        self.entry.fault = id;
    }

    /// Records the response.
    pub(crate) fn answered(&mut self, status: StatusCode, bytes: usize) {
        self.entry.status = Some(status);
        self.entry.bytes = bytes;
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let duration = self.entry.started.elapsed();
        match self.log.format {
            None => {}
            Some(LogFormat::Text) => self.log.write(&as_text_line(&self.entry, duration)),
            Some(LogFormat::Json) => self.log.write(&as_json_line(&self.entry, duration)),
        }
    }
}

impl Log {
    /// Creates a log with this format, or a disabled one.
    pub(crate) fn new(format: Option<LogFormat>) -> Self {
        Self {
            format,
            stream: Mutex::new(AutoStream::auto(io::stderr())),
        }
    }

    /// Starts the line of a request, if the log is enabled. It is written when
    /// the request has ended, even if the client has disconnected.
    pub(crate) fn begin<B>(&self, request: &Request<B>, peer: SocketAddr) -> Option<Line<'_>> {
        self.format?;
        let agent = request.headers().get(USER_AGENT);
        let entry = Entry {
            started: Instant::now(),
            peer,
            method: request.method().clone(),
            uri: request.uri().clone(),
            imds_version: imds_version(request),
            user_agent: agent.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
            status: None,
            bytes: 0,
            fault: None,
        };
        Some(Line { log: self, entry })
    }

    /// Logs a request that hyper could not parse and has answered itself.
    pub(crate) fn malformed(&self, peer: SocketAddr, error: &hyper::Error) {
        match self.format {
            None => {}
            Some(LogFormat::Text) => {
                let time = clock();
                self.write(&format!("{DIM}{time}{DIM:#} malformed request: {error}"));
            }
            Some(LogFormat::Json) => self.write(&json(&Failed {
                time: clock(),
                peer: peer.to_string(),
                error: error.to_string(),
            })),
        }
    }

    /// Logs an event that is not a request, even if the request log is
    /// disabled.
    pub(crate) fn tell(&self, message: &str) {
        match self.format {
            None => say(message),
            Some(LogFormat::Text) => {
                let time = clock();
                self.write(&format!("{DIM}{time}{DIM:#} {message}"));
            }
            Some(LogFormat::Json) => self.write(&as_json(&message)),
        }
    }

    /// Writes one line in one call. A closed stderr does not stop the server.
    fn write(&self, line: &str) {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = stream.write_all(format!("{line}\n").as_bytes());
    }
}

const DIM: Style = Style::new().dimmed();

/// The current time in UTC, in the journal's format.
fn clock() -> String {
    Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
        .to_string()
}

fn as_text_line(entry: &Entry, duration: Duration) -> String {
    let time = clock();
    let version = match entry.imds_version {
        Some(2) => "v2",
        Some(_) => "v1",
        None => "--",
    };
    let method = entry.method.as_str();
    let target = Escaped(target(&entry.uri));
    let colour = style(entry.status);
    let status = entry.status.map(|status| status.as_u16().to_string());
    let status = status.unwrap_or_else(|| "---".to_owned());
    let bytes = entry.bytes;
    let duration = Rounded(duration);
    let mut line = format!(
        "{DIM}{time}{DIM:#} {version} {method:<4} {target} \
         {colour}{status}{colour:#} {DIM}{bytes} B {duration}{DIM:#}"
    );
    if let Some(fault) = &entry.fault {
        // Writing to a string cannot fail.
        let _ = write!(line, " fault {}", Escaped(fault));
    }
    line
}

fn as_json_line(entry: &Entry, duration: Duration) -> String {
    json(&Answered {
        time: clock(),
        method: entry.method.as_str(),
        path: target(&entry.uri),
        status: entry.status.map(|status| status.as_u16()),
        bytes: entry.bytes,
        duration_us: duration.as_micros(),
        imds_version: entry.imds_version,
        user_agent: entry.user_agent.as_deref(),
        peer: entry.peer.to_string(),
        fault: entry.fault.as_deref(),
    })
}

fn json(line: &impl Serialize) -> String {
    serde_json::to_string(line).expect("nothing in a line can fail to be JSON")
}

/// The JSON line of an answered request.
#[derive(Serialize)]
struct Answered<'a> {
    time: String,
    method: &'a str,
    path: &'a str,
    /// None if the connection closed without an answer.
    status: Option<u16>,
    bytes: usize,
    duration_us: u128,
    imds_version: Option<u8>,
    user_agent: Option<&'a str>,
    peer: String,
    fault: Option<&'a str>,
}

/// The JSON line of a malformed request.
#[derive(Serialize)]
struct Failed {
    time: String,
    peer: String,
    error: String,
}

/// Returns `None` for requests to other servers, which have an empty path.
fn imds_version<B>(request: &Request<B>) -> Option<u8> {
    let is_ours = !request.uri().path().is_empty();
    is_ours.then(|| imdsim::imds_version(request)).flatten()
}

/// The request target, or the name of the server for requests to other servers.
fn target(uri: &Uri) -> &str {
    match (uri.path_and_query(), uri.authority()) {
        (Some(target), _) => target.as_str(),
        (None, Some(server)) => server.as_str(),
        (None, None) => uri.path(),
    }
}

fn style(status: Option<StatusCode>) -> Style {
    let colour = match status.map(|status| status.as_u16()) {
        Some(..400) => AnsiColor::Green,
        Some(400..500) => AnsiColor::Yellow,
        Some(500..) | None => AnsiColor::Red,
    };
    colour.on_default()
}

/// Text with its control characters escaped, safe for terminals.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if character.is_control() {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// A duration rounded to its significant digits.
struct Rounded(Duration);

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        if seconds < 0.001 {
            write!(f, "{:.0} µs", seconds * 1e6)
        } else if seconds < 1.0 {
            write!(f, "{:.1} ms", seconds * 1e3)
        } else {
            write!(f, "{seconds:.2} s")
        }
    }
}

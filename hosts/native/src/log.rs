//! The request log on stderr, one line a request: for people, or as JSON.
//!
//! No token is ever logged: of the headers, only the user agent is.

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

/// Whether requests are logged, and how. (`serve` does so without being told.)
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

/// A form of the request log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one object a line.
    Json,
}

/// Where requests are told about.
pub(crate) struct Log {
    /// No format, no log.
    format: Option<LogFormat>,
    /// Strips colours where nobody would see them.
    stream: Mutex<AutoStream<io::Stderr>>,
}

/// The line of a request.
pub(crate) struct Line<'l> {
    log: &'l Log,
    entry: Entry,
}

/// What a line tells of a request, the first half noted before the request is
/// given away.
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
    /// The fault that applied to it, by its id.
    fault: Option<String>,
}

impl Line<'_> {
    /// Notes the fault that applies to the request.
    pub(crate) fn fault(&mut self, id: Option<String>) {
        self.entry.fault = id;
    }

    /// Notes the answer.
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
            Some(LogFormat::Text) => self.log.write(&for_people(&self.entry, duration)),
            Some(LogFormat::Json) => self.log.write(&for_machines(&self.entry, duration)),
        }
    }
}

impl Log {
    /// A log in this form, or none of requests.
    pub(crate) fn new(format: Option<LogFormat>) -> Self {
        Self {
            format,
            stream: Mutex::new(AutoStream::auto(io::stderr())),
        }
    }

    /// Begins the line of a request, if there is a log. It is written when the
    /// request has ended, be it that the client has gone.
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

    /// Tells of a request that could not be read. hyper has answered it.
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

    /// Tells what is no request, also when requests are not told of.
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

    /// One call, one line. A log that nobody can read any more is no reason to
    /// stop answering.
    fn write(&self, line: &str) {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = stream.write_all(format!("{line}\n").as_bytes());
    }
}

const DIM: Style = Style::new().dimmed();

/// The time in UTC, as the journal has it.
fn clock() -> String {
    Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
        .to_string()
}

fn for_people(entry: &Entry, duration: Duration) -> String {
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
        // Writing to a text cannot fail.
        let _ = write!(line, " fault {}", Escaped(fault));
    }
    line
}

fn for_machines(entry: &Entry, duration: Duration) -> String {
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

/// The JSON line of a request that was answered.
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

/// The JSON line of a request that could not be read.
#[derive(Serialize)]
struct Failed {
    time: String,
    peer: String,
    error: String,
}

/// What is meant for others has no path, and speaks to them.
fn imds_version<B>(request: &Request<B>) -> Option<u8> {
    let is_ours = !request.uri().path().is_empty();
    is_ours.then(|| imdsim::imds_version(request)).flatten()
}

/// Of a request that is meant for another server, the name of that one.
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

/// Text that cannot steer a terminal.
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

/// A duration with as many digits as matter.
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

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
use http::header::USER_AGENT;
use http::{Method, Request, StatusCode, Uri};
use jiff::{Timestamp, Zoned};
use serde::Serialize;

use crate::cli::LogFormat;
use crate::fail::say;

/// Where requests are told about.
pub(crate) struct Log {
    /// No format, no log.
    format: Option<LogFormat>,
    /// Strips colours where nobody would see them.
    stream: Mutex<AutoStream<io::Stderr>>,
}

/// What a line tells of a request, noted before the request is given away.
pub(crate) struct Entry {
    started: Instant,
    peer: SocketAddr,
    method: Method,
    uri: Uri,
    imds_version: Option<u8>,
    user_agent: Option<String>,
}

impl Log {
    /// A log in this form, or none of requests.
    pub(crate) fn new(format: Option<LogFormat>) -> Self {
        Self {
            format,
            stream: Mutex::new(AutoStream::auto(io::stderr())),
        }
    }

    /// Begins the line of a request, if there is a log.
    pub(crate) fn begin<B>(&self, request: &Request<B>, peer: SocketAddr) -> Option<Entry> {
        self.format?;
        let agent = request.headers().get(USER_AGENT);
        Some(Entry {
            started: Instant::now(),
            peer,
            method: request.method().clone(),
            uri: request.uri().clone(),
            imds_version: imds_version(request),
            user_agent: agent.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        })
    }

    /// Writes the line of a request, which has no status if the connection
    /// closed without an answer.
    pub(crate) fn end(&self, entry: &Entry, status: Option<StatusCode>, bytes: usize) {
        let duration = entry.started.elapsed();
        match self.format {
            None => {}
            Some(LogFormat::Text) => self.write(&for_people(entry, status, bytes, duration)),
            Some(LogFormat::Json) => self.write(&for_machines(entry, status, bytes, duration)),
        }
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
                time: Timestamp::now().to_string(),
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
            Some(LogFormat::Json) => self.write(&json(&Told {
                time: Timestamp::now().to_string(),
                message,
            })),
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

fn clock() -> String {
    Zoned::now().strftime("%H:%M:%S%.3f").to_string()
}

fn for_people(
    entry: &Entry,
    status: Option<StatusCode>,
    bytes: usize,
    duration: Duration,
) -> String {
    let time = clock();
    let version = match entry.imds_version {
        Some(2) => "v2",
        Some(_) => "v1",
        None => "--",
    };
    let method = entry.method.as_str();
    let target = Escaped(target(&entry.uri));
    let colour = style(status);
    let status = status.map_or("---".to_owned(), |status| status.as_u16().to_string());
    let duration = Rounded(duration);
    format!(
        "{DIM}{time}{DIM:#} {version} {method:<4} {target} \
         {colour}{status}{colour:#} {DIM}{bytes} B {duration}{DIM:#}"
    )
}

fn for_machines(
    entry: &Entry,
    status: Option<StatusCode>,
    bytes: usize,
    duration: Duration,
) -> String {
    json(&Answered {
        time: Timestamp::now().to_string(),
        method: entry.method.as_str(),
        path: target(&entry.uri),
        status: status.map(|status| status.as_u16()),
        bytes,
        duration_us: duration.as_micros(),
        imds_version: entry.imds_version,
        user_agent: entry.user_agent.as_deref(),
        peer: entry.peer.to_string(),
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
}

/// The JSON line of a request that could not be read.
#[derive(Serialize)]
struct Failed {
    time: String,
    peer: String,
    error: String,
}

/// The JSON line of anything else.
#[derive(Serialize)]
struct Told<'a> {
    time: String,
    message: &'a str,
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

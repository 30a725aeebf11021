//! Why the program does not do what it was asked for: one sentence on stderr;
//! exit status 2 where it was asked for the wrong thing, else 1.

use std::fmt;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use serde_json::json;

/// A sentence that names the place, what is wrong there, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    sentence: String,
    status: u8,
}

/// The exit status for what cannot be understood.
const BAD: u8 = 2;
/// The exit status for what was understood and did not work.
const FAILED: u8 = 1;

impl Failure {
    /// Composes the sentence from its three parts.
    pub(crate) fn new(
        place: impl fmt::Display,
        what: impl fmt::Display,
        remedy: impl fmt::Display,
    ) -> Self {
        Self {
            sentence: one_line(&format!("{place}: {what}; {remedy}")),
            status: BAD,
        }
    }

    /// What an emulator that runs says against it, or that none does.
    pub(crate) fn refused(sentence: &str) -> Self {
        Self {
            sentence: one_line(sentence),
            status: FAILED,
        }
    }

    /// Says it and yields the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        say(self);
        ExitCode::from(self.status)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

/// The core's complaints are whole sentences already.
impl From<imdsim::Problem> for Failure {
    fn from(problem: imdsim::Problem) -> Self {
        Self {
            sentence: one_line(&problem.to_string()),
            status: BAD,
        }
    }
}

/// What should never happen, whatever people give.
pub(crate) fn internal_error(error: &dyn fmt::Display) -> Failure {
    Failure::new(
        "this program",
        format_args!("it cannot start: {error:#}"),
        "report this as a bug of imdsim",
    )
}

/// Whether every line on stderr is a JSON object, as `--log json` has it.
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// From now on every line on stderr is a JSON object.
pub(crate) fn log_as_json() {
    IS_JSON.store(true, Ordering::Relaxed);
}

/// One line to the person who started the program.
pub(crate) fn say(message: impl fmt::Display) {
    announce("imdsim: ", message);
}

/// A line that programs wait for: as text it begins with its first word.
pub(crate) fn ready(message: impl fmt::Display) {
    announce("", message);
}

fn announce(prefix: &str, message: impl fmt::Display) {
    #[allow(clippy::print_stderr, reason = "this is where people look")]
    if IS_JSON.load(Ordering::Relaxed) {
        eprintln!("{}", as_json(&message));
    } else {
        eprintln!("{prefix}{message}");
    }
}

/// A message as the line of a JSON log.
pub(crate) fn as_json(message: &impl fmt::Display) -> String {
    let time = Timestamp::now().to_string();
    json!({ "time": time, "message": message.to_string() }).to_string()
}

/// Keeps what came from elsewhere on one line.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split(['\n', '\r']).map(str::trim).collect();
    words.join(" ").trim().to_owned()
}

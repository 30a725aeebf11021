//! Errors of the program: one sentence on stderr, and exit status 2 for invalid
//! input or 1 for other failures.

use std::fmt;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use serde_json::json;

/// A sentence that names the location, the problem and the fix, with an exit
/// status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    sentence: String,
    status: u8,
}

/// The exit status for invalid input.
const BAD: u8 = 2;
/// The exit status for valid input that failed.
const FAILED: u8 = 1;

impl Failure {
    /// Builds the sentence from its three parts.
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

    /// An error of a running emulator, or of the connection to it.
    pub(crate) fn refused(sentence: &str) -> Self {
        Self {
            sentence: one_line(sentence),
            status: FAILED,
        }
    }

    /// Prints the sentence and returns the exit status.
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

/// The core's messages are complete sentences.
impl From<imdsim::Problem> for Failure {
    fn from(problem: imdsim::Problem) -> Self {
        Self {
            sentence: one_line(&problem.to_string()),
            status: BAD,
        }
    }
}

/// An error that no input should cause.
pub(crate) fn internal_error(error: &dyn fmt::Display) -> Failure {
    Failure::new(
        "internal error",
        format_args!("{error:#}"),
        "report this as a bug of imdsim",
    )
}

/// Whether every line on stderr is a JSON object, as with `--log json`.
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// Makes every later line on stderr a JSON object.
pub(crate) fn log_as_json() {
    IS_JSON.store(true, Ordering::Relaxed);
}

/// Prints one line to stderr.
pub(crate) fn say(message: impl fmt::Display) {
    announce("imdsim: ", message);
}

/// Prints a line that programs wait for. As text it has no prefix.
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

/// Formats a message as a line of the JSON log.
pub(crate) fn as_json(message: &impl fmt::Display) -> String {
    let time = Timestamp::now().to_string();
    json!({ "time": time, "message": message.to_string() }).to_string()
}

/// Joins lines of text from other sources into one line.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split(['\n', '\r']).map(str::trim).collect();
    words.join(" ").trim().to_owned()
}

//! The observed behaviour of a client: its exit and its requests.

use serde_json::Value;

use super::TIMEOUT;

/// One run of a client under one fault.
pub(super) struct Observation {
    exit: Exit,
    requests: Vec<Request>,
}

/// The result of a run.
enum Exit {
    /// Credentials, with the remaining minutes according to the client.
    Credentials(i64),
    /// Kind and message of an error.
    Error(String, String),
}

/// A request in the journal.
#[derive(PartialEq)]
struct Request {
    method: String,
    /// `token`, `role`, `credentials`, credentials of a wrong role, or the path.
    subject: String,
    version: u64,
    /// The status and whether it was too late, or `no answer`.
    response: String,
    has_fault: bool,
}

/// The role of the built-in instance.
const ROLE: &str = "imdsim-role";

impl Observation {
    /// Combines the client's output with the entries of the journal.
    pub(super) fn new(output: &Value, journal: &[Value]) -> Self {
        let text = |key: &str| output[key].as_str().map(str::to_owned);
        let exit = match output["minutes"].as_i64() {
            Some(minutes) => Exit::Credentials(minutes),
            None => Exit::Error(text("error").unwrap(), text("message").unwrap()),
        };
        Self {
            exit,
            requests: journal.iter().map(Request::new).collect(),
        }
    }

    /// The table cells for the behaviour and the requests.
    pub(super) fn cells(&self) -> String {
        format!("{} | {}", self.behaviour_cell(), self.requests_cell())
    }

    fn behaviour_cell(&self) -> String {
        let mut actions = Vec::new();
        for run in self.requests.chunk_by(Request::is_same_request) {
            let falls_back = "falls back to IMDSv1".to_owned();
            if run[0].is_v1() && !actions.contains(&falls_back) {
                actions.push(falls_back);
            }
            if run.len() > 1 {
                actions.push(format!(
                    "requests the {1} {0}",
                    times(run.len()),
                    run[0].subject
                ));
            }
        }
        let result = match &self.exit {
            Exit::Credentials(minutes) => credentials_result(*minutes).to_owned(),
            Exit::Error(kind, message) => {
                if actions.is_empty() {
                    actions.push("does not retry".to_owned());
                }
                format!("fails: {}", inline_code(&format!("{kind}: {message}")))
            }
        };
        if actions.is_empty() {
            return result;
        }
        format!("{} and {result}", actions.join(", "))
    }

    fn requests_cell(&self) -> String {
        let runs = self.requests.chunk_by(PartialEq::eq);
        let runs = runs.map(|run| match run.len() {
            1 => run[0].to_markdown(),
            count => format!("{count} × {}", run[0].to_markdown()),
        });
        runs.collect::<Vec<_>>().join(", ")
    }
}

impl Request {
    fn new(entry: &Value) -> Self {
        let late = u128::from(entry["duration_us"].as_u64().unwrap()) >= TIMEOUT.as_micros();
        let response = match entry["status"].as_u64() {
            None => "no answer".to_owned(),
            Some(status) if late => format!("{status} too late"),
            Some(status) => status.to_string(),
        };
        Self {
            method: entry["method"].as_str().unwrap().to_owned(),
            subject: subject(entry["path"].as_str().unwrap()),
            version: entry["version"].as_u64().unwrap(),
            response,
            has_fault: entry.get("fault").is_some(),
        }
    }

    /// Whether both requests are the same, regardless of the responses.
    fn is_same_request(&self, other: &Self) -> bool {
        self.method == other.method
            && self.subject == other.subject
            && self.version == other.version
    }

    /// Whether the request is for metadata and has no token.
    fn is_v1(&self) -> bool {
        self.method == "GET" && self.version == 1
    }

    fn to_markdown(&self) -> String {
        let version = if self.is_v1() { " (v1)" } else { "" };
        let bold = if self.has_fault { "**" } else { "" };
        let Self {
            method,
            subject,
            response,
            ..
        } = self;
        format!("{method} {subject}{version} {bold}{response}{bold}")
    }
}

/// The subject of a path, in the words of the document.
fn subject(path: &str) -> String {
    match path.rsplit_once("/security-credentials/") {
        Some((_, "")) => "role".to_owned(),
        Some((_, ROLE)) => "credentials".to_owned(),
        Some((_, other)) => format!("credentials of {}", inline_code(other)),
        None if path.ends_with("/latest/api/token") => "token".to_owned(),
        None => inline_code(path),
    }
}

/// The result for credentials with these remaining minutes. Generated credentials
/// are valid for hours, or expired an hour ago.
fn credentials_result(minutes: i64) -> &'static str {
    match minutes {
        ..0 => "gets expired credentials",
        0..60 => "gets expired credentials, and treats them as valid for some minutes",
        60.. => "gets credentials",
    }
}

fn times(count: usize) -> String {
    match count {
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}

/// Formats text as code in a table cell.
fn inline_code(text: &str) -> String {
    let text = text.replace('`', "'").replace('|', "\\|");
    format!(
        "`{}`",
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    )
}

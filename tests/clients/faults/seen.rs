//! The observed behaviour of a client: its exit and its requests.

use serde_json::Value;

use super::TIMEOUT;

/// One run of a client under one fault.
pub(super) struct Seen {
    end: End,
    requests: Vec<Asked>,
}

/// How it ended.
enum End {
    /// With credentials, good for so many minutes as the client sees it.
    Credentials(i64),
    /// With an error of this kind and message.
    Error(String, String),
}

/// One request, as the journal tells of it.
#[derive(PartialEq)]
struct Asked {
    method: String,
    /// `token`, `role`, `credentials`, or those of a wrong role.
    subject: String,
    version: u64,
    answer: String,
    struck: bool,
}

/// The role of the built-in instance.
const ROLE: &str = "imdsim-role";

impl Seen {
    /// From what the client printed and the entries of the journal.
    pub(super) fn new(said: &Value, journal: &[Value]) -> Self {
        let text = |key: &str| said[key].as_str().map(str::to_owned);
        let end = match said["minutes"].as_i64() {
            Some(minutes) => End::Credentials(minutes),
            None => End::Error(text("error").unwrap(), text("message").unwrap()),
        };
        Self {
            end,
            requests: journal.iter().map(Asked::new).collect(),
        }
    }

    /// As cells of a table: what it does, and what it asked.
    pub(super) fn cells(&self) -> String {
        format!("{} | {}", self.sentence(), self.asked())
    }

    fn sentence(&self) -> String {
        let mut deeds = Vec::new();
        for run in self.requests.chunk_by(Asked::asks_the_same) {
            let falls_back = "falls back to IMDSv1".to_owned();
            if run[0].is_v1() && !deeds.contains(&falls_back) {
                deeds.push(falls_back);
            }
            if run.len() > 1 {
                deeds.push(format!(
                    "requests the {1} {0}",
                    times(run.len()),
                    run[0].subject
                ));
            }
        }
        let end = match &self.end {
            End::Credentials(minutes) => gets(*minutes).to_owned(),
            End::Error(kind, message) => {
                if deeds.is_empty() {
                    deeds.push("does not retry".to_owned());
                }
                format!("fails: {}", code(&format!("{kind}: {message}")))
            }
        };
        if deeds.is_empty() {
            return end;
        }
        format!("{} and {end}", deeds.join(", "))
    }

    fn asked(&self) -> String {
        let runs = self.requests.chunk_by(PartialEq::eq);
        let runs = runs.map(|run| match run.len() {
            1 => run[0].words(),
            count => format!("{count} × {}", run[0].words()),
        });
        runs.collect::<Vec<_>>().join(", ")
    }
}

impl Asked {
    fn new(entry: &Value) -> Self {
        let late = u128::from(entry["duration_us"].as_u64().unwrap()) >= TIMEOUT.as_micros();
        let answer = match entry["status"].as_u64() {
            None => "no answer".to_owned(),
            Some(status) if late => format!("{status} too late"),
            Some(status) => status.to_string(),
        };
        Self {
            method: entry["method"].as_str().unwrap().to_owned(),
            subject: subject(entry["path"].as_str().unwrap()),
            version: entry["version"].as_u64().unwrap(),
            answer,
            struck: entry.get("fault").is_some(),
        }
    }

    /// Whether it is the same request, however it was answered.
    fn asks_the_same(&self, other: &Self) -> bool {
        self.method == other.method
            && self.subject == other.subject
            && self.version == other.version
    }

    /// Whether it asks for metadata without a token.
    fn is_v1(&self) -> bool {
        self.method == "GET" && self.version == 1
    }

    fn words(&self) -> String {
        let version = if self.is_v1() { " (v1)" } else { "" };
        let mark = if self.struck { "**" } else { "" };
        let Self {
            method,
            subject,
            answer,
            ..
        } = self;
        format!("{method} {subject}{version} {mark}{answer}{mark}")
    }
}

/// What a path is about.
fn subject(path: &str) -> String {
    match path.rsplit_once("/security-credentials/") {
        Some((_, "")) => "role".to_owned(),
        Some((_, ROLE)) => "credentials".to_owned(),
        Some((_, other)) => format!("credentials of {}", code(other)),
        None if path.ends_with("/latest/api/token") => "token".to_owned(),
        None => code(path),
    }
}

/// Those that the emulator makes up are good for hours, or ended an hour ago.
fn gets(minutes: i64) -> &'static str {
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

/// As code in a table.
fn code(text: &str) -> String {
    let text = text.replace('`', "'").replace('|', "\\|");
    format!(
        "`{}`",
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    )
}

//! Text output of the emulator's responses: one line per item, with columns
//! separated by two spaces.

use std::fmt::Write as _;
use std::io::Write as _;

use serde_json::Value;

/// Prints a line. A closed stdout is not an error.
pub(super) fn print(line: &str) {
    let _ = writeln!(anstream::stdout(), "{line}");
}

/// Prints the whole document, or a line for each item of one of its lists.
pub(super) fn list(document: &Value, name: &str, json: bool, line: fn(&Value) -> String) {
    if json {
        return print(&format!("{document:#}"));
    }
    for item in document[name].as_array().into_iter().flatten() {
        print(&line(item));
    }
}

/// Formats an event: id, time, type and details.
pub(super) fn event(event: &Value) -> String {
    let detail = match event["type"].as_str() {
        Some("spot-interruption") => joined([&event["action"], &event["time"]]),
        Some("maintenance") => joined([&event["event"]["Code"], &event["event"]["State"]]),
        Some("lifecycle-state") => joined([&event["state"]]),
        Some("change") => joined([&event["instance"]]),
        _ => String::new(),
    };
    let line = joined([&event["id"], &event["at"], &event["type"]]);
    format!("{line}  {detail}").trim_end().to_owned()
}

/// Prints the active faults and the presets as two tables.
pub(super) fn faults(document: &Value) {
    let rows = |name: &str, row: fn(&Value) -> [String; 2]| {
        let items = document[name].as_array().into_iter().flatten();
        table(items.map(row).collect())
    };
    let faults = rows("faults", fault);
    print(if faults.is_empty() {
        "Faults: none"
    } else {
        "Faults:"
    });
    for line in &faults {
        print(line);
    }
    print("Presets:");
    let presets = rows("presets", |preset| {
        [plain(&preset["name"]), plain(&preset["summary"])]
    });
    for line in &presets {
        print(line);
    }
}

/// Aligns two columns.
fn table(rows: Vec<[String; 2]>) -> Vec<String> {
    let width = rows.iter().map(|[first, _]| first.chars().count()).max();
    let width = width.unwrap_or_default();
    rows.into_iter()
        .map(|[first, second]| format!("  {first:width$}  {second}"))
        .collect()
}

/// Formats a fault: its id, and its filters and effects.
fn fault(fault: &Value) -> [String; 2] {
    let mut words = Vec::new();
    for (name, before) in FAULT {
        match &fault[name] {
            Value::Null => {}
            Value::Bool(true) => words.push(before.to_owned()),
            value => {
                let space = if before.is_empty() || before.ends_with('v') {
                    ""
                } else {
                    " "
                };
                words.push(format!("{before}{space}{}", plain(value)));
            }
        }
    }
    let known = FAULT.map(|(name, _)| name);
    let rest = fault.as_object().into_iter().flatten();
    let rest = rest.filter(|(name, _)| {
        !OTHER_COLUMNS.contains(&name.as_str()) && !known.contains(&name.as_str())
    });
    words.extend(rest.map(|(name, value)| format!("{name} {}", plain(value))));
    [plain(&fault["id"]), words.join(", ")]
}

/// Fields that other columns cover.
const OTHER_COLUMNS: [&str; 4] = ["due", "id", "revision", "type"];

/// The fields of a fault in print order, each with the words before its value.
#[rustfmt::skip]
const FAULT: [(&str, &str); 19] = [
    ("method",      ""),
    ("path",        "path"),
    ("version",     "IMDSv"),
    ("at",          "from"),
    ("in",          "in"),
    ("until",       "until"),
    ("for",         "for"),
    ("nth",         "request number"),
    ("first",       "the first"),
    ("share",       "a share of"),
    ("throttle",    "all beyond a second's"),
    ("preset",      "preset"),
    ("status",      "status"),
    ("delay",       "delay"),
    ("stall",       "no answer"),
    ("close",       "connection closed"),
    ("cut",         "body cut after bytes:"),
    ("garble",      "body garbled"),
    ("credentials", "credentials"),
];

/// Formats a request.
pub(super) fn request(request: &Value) -> String {
    let mut line = joined(["time", "method", "path", "status"].map(|name| &request[name]));
    for (name, before, after) in [
        ("version", "v", ""),
        ("duration_us", "", "us"),
        ("token", "token ", ""),
        ("token_age", "aged ", "s"),
        ("fault", "fault ", ""),
        ("user_agent", "", ""),
    ] {
        let text = plain(&request[name]);
        if !text.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(line, "  {before}{text}{after}");
        }
    }
    line
}

fn joined<const N: usize>(parts: [&Value; N]) -> String {
    let parts = parts.map(plain);
    let said: Vec<_> = parts.iter().filter(|part| !part.is_empty()).collect();
    said.into_iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("  ")
}

/// Text without its control characters.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.chars().filter(|c| !c.is_control()).collect(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_is_one_line() {
        let known = json!({
            "time": "2026-01-01T00:00:00Z", "method": "GET", "path": "/latest/", "version": 1,
            "status": 200, "duration_us": 35, "user_agent": "curl/8\u{1b}[31m",
        });
        assert_eq!(
            request(&known),
            "2026-01-01T00:00:00Z  GET  /latest/  200  v1  35us  curl/8[31m"
        );
        let all = json!({
            "time": "t", "method": "GET", "path": "/", "version": 2, "status": 503,
            "token": "3f9a1c2b", "token_age": 12, "duration_us": 4, "fault": "throttled",
        });
        assert_eq!(
            request(&all),
            "t  GET  /  503  v2  4us  token 3f9a1c2b  aged 12s  fault throttled"
        );
    }

    #[test]
    fn a_fault_is_a_row_in_words() {
        let known = json!({
            "id": "f1", "type": "fault", "due": true, "odd": 7, "path": "/latest/**", "version": 2, "nth": 3,
            "status": 503, "at": "2026-01-01T00:00:00Z", "stall": true,
        });
        assert_eq!(
            fault(&known),
            [
                "f1",
                "path /latest/**, IMDSv2, from 2026-01-01T00:00:00Z, request number 3, \
                 status 503, no answer, odd 7",
            ]
        );
        assert_eq!(
            table(vec![
                ["a".into(), "one".into()],
                ["long".into(), "two".into()]
            ]),
            ["  a     one", "  long  two"]
        );
    }
}

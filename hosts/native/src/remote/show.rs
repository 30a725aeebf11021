//! What an emulator says, for people: one line a thing, its parts apart by two
//! spaces, in order of their use.

use std::fmt::Write as _;
use std::io::Write as _;

use serde_json::Value;

/// Prints a line. A reader that has seen enough is no failure.
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

/// An event: its id, when it shows, what it is.
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

/// A fault: its id, and the rest as it is.
pub(super) fn fault(fault: &Value) -> String {
    let mut rest = fault.clone();
    let id = rest.as_object_mut().and_then(|fields| fields.remove("id"));
    joined([&id.unwrap_or_default(), &rest])
}

/// What could go wrong: its name, and a sentence.
pub(super) fn preset(preset: &Value) -> String {
    joined([&preset["name"], &preset["summary"]])
}

/// A request: when, what, and how it went.
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
            // Writing to a text cannot fail.
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

/// A text as it is, without what could play tricks on a terminal.
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
    fn a_request_is_one_line_of_what_is_known_of_it() {
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
    fn a_fault_shows_its_id_and_a_preset_its_sentence() {
        assert_eq!(
            fault(&json!({ "id": "1", "status": 503 })),
            r#"1  {"status":503}"#
        );
        assert_eq!(
            preset(&json!({ "name": "throttled", "summary": "Too many requests." })),
            "throttled  Too many requests."
        );
    }
}

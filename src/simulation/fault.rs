//! Faults: their effect, the requests they match, and their frequency.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::effect::{self, Effect};
use super::frequency::Frequency;
use super::json_fields::{both, later, optional};
use super::presets;
use crate::path_pattern::PathPattern;
use crate::problem::Problem;
use crate::request::MetadataRequest;
use crate::time::UnixMillis;

/// A fault: requests, frequency and effect.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    /// The matching paths; `None` for all.
    path: Option<PathPattern>,
    /// The matching method; `None` for all.
    method: Option<String>,
    /// The matching IMDS version, 1 or 2; `None` for both.
    version: Option<u8>,
    /// The end; `None` for no end.
    until: Option<UnixMillis>,
    /// The affected share of matching requests.
    pub(crate) frequency: Frequency,
    /// The effect on the response.
    pub(crate) effect: Effect,
    /// The delay of the response.
    pub(crate) delay: Duration,
    /// The revision of the state that added the fault at run time. Its requests
    /// are counted from there.
    pub(crate) revision: Option<u64>,
}

/// A fault with its id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MatchedFault<'s> {
    pub(crate) id: &'s str,
    pub(crate) fault: &'s Fault,
}

impl MatchedFault<'_> {
    /// The name of its counter; a fault that is put again starts a new one.
    pub(crate) fn counter_key(&self) -> String {
        format!("{}@{}", self.id, self.fault.revision.unwrap_or(0))
    }
}

/// The fields of a fault; `preset` provides defaults for the others.
pub(super) const FIELDS: &[&str] = &[
    "preset",
    "path",
    "method",
    "version",
    "for",
    "until",
    "nth",
    "first",
    "share",
    "throttle",
    "delay",
    "status",
    "stall",
    "close",
    "cut",
    "garble",
    "credentials",
    "revision",
];

impl Fault {
    /// Parses the fields of a fault other than those common to all events; `at`
    /// is its start.
    pub(super) fn read(fields: &Map<String, Value>, at: UnixMillis) -> Result<Self, Problem> {
        let Some(name) = optional::<String>(fields, "preset")? else {
            return Self::read_whole(fields, at);
        };
        let preset = presets::find(&name).ok_or_else(|| {
            let message = format!(
                "unknown preset {name:?}; expected one of {}",
                presets::names()
            );
            Problem::new("preset", message)
        })?;
        let mut whole = preset.fields()?;
        for group in GROUPS {
            let says = |key: &&str| fields.get(*key).is_some_and(|value| *value != false);
            if group.iter().any(says) {
                whole.retain(|key, _| !group.contains(&key.as_str()));
            }
        }
        whole.extend(fields.clone());
        Self::read_whole(&whole, at)
    }

    fn read_whole(fields: &Map<String, Value>, at: UnixMillis) -> Result<Self, Problem> {
        let until = match (optional(fields, "for")?, optional(fields, "until")?) {
            (Some(_), Some(_)) => return Err(both("for", "until")),
            (Some(length), None) => Some(later("for", at, length)?),
            (None, until) => until,
        };
        let frequency = Frequency::read(fields)?;
        let delay = delay(fields)?;
        let effect = match Effect::read(fields)? {
            Some(effect) => effect,
            None if matches!(frequency, Frequency::Throttle(_)) => {
                Effect::Status(StatusCode::SERVICE_UNAVAILABLE)
            }
            None if delay.is_some() => Effect::Delay,
            None => {
                let message = format!(
                    "no effect is given; use a preset ({}) or one of {}",
                    presets::names(),
                    effect::FIELDS.join(", ")
                );
                return Err(Problem::new("", message));
            }
        };
        Ok(Self {
            path: optional(fields, "path")?,
            method: method(fields)?,
            version: version(fields)?,
            until,
            frequency,
            effect,
            delay: delay.unwrap_or_default(),
            revision: fields.get("revision").and_then(Value::as_u64),
        })
    }

    /// The JSON form without the start.
    pub(super) fn to_json(&self) -> Value {
        let mut document = json!({ "type": "fault" });
        let mut set = |key: &str, value: Value| document[key] = value;
        if let Some(revision) = self.revision {
            set("revision", revision.into());
        }
        if let Some(path) = &self.path {
            set("path", path.as_str().into());
        }
        if let Some(method) = &self.method {
            set("method", method.as_str().into());
        }
        if let Some(version) = self.version {
            set("version", version.into());
        }
        if let Some(until) = self.until {
            set("until", until.iso_millis().into());
        }
        let selected = [self.frequency.to_field(), self.effect.to_field()];
        for (key, value) in selected.into_iter().flatten() {
            set(key, value);
        }
        // A fault without another effect needs its delay, even if zero.
        if self.effect == Effect::Delay || !self.delay.is_zero() {
            let delay = humantime::format_duration(self.delay).to_string();
            set("delay", delay.replace(' ', "").into());
        }
        document
    }

    /// Whether a request after the start matches this fault.
    pub(super) fn matches(&self, request: &MetadataRequest<'_>, now: UnixMillis) -> bool {
        self.until.is_none_or(|until| now < until)
            && self
                .version
                .is_none_or(|version| version == request.version)
            && (self.method.as_ref()).is_none_or(|method| request.method == method.as_str())
            && (self.path.as_ref()).is_none_or(|pattern| pattern.matches(request.path))
            && self.effect.is_possible_at(request.path)
    }
}

/// Groups of mutually exclusive fields: a user's field of a group replaces those
/// of the preset.
const GROUPS: [&[&str]; 3] = [
    &["for", "until"],
    &["nth", "first", "share", "throttle"],
    &["status", "stall", "close", "cut", "garble", "credentials"],
];

/// The methods of HTTP.
const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
];

/// The maximum delay, longer than clients wait; `stall` has no limit.
const MAX_DELAY: Duration = Duration::from_hours(1);

/// Parses a method in any case into upper case.
fn method(fields: &Map<String, Value>) -> Result<Option<String>, Problem> {
    let Some(given) = optional::<String>(fields, "method")? else {
        return Ok(None);
    };
    let method = given.to_ascii_uppercase();
    if METHODS.contains(&method.as_str()) {
        return Ok(Some(method));
    }
    let known = METHODS.join(", ");
    let message = format!("{given:?} is not a method of HTTP; write one of {known}");
    Err(Problem::new("method", message))
}

fn delay(fields: &Map<String, Value>) -> Result<Option<Duration>, Problem> {
    match optional(fields, "delay")? {
        Some(delay) if delay > MAX_DELAY => Err(Problem::new(
            "delay",
            "it is longer than an hour; write a shorter one, or `\"stall\": true`",
        )),
        delay => Ok(delay),
    }
}

fn version(fields: &Map<String, Value>) -> Result<Option<u8>, Problem> {
    match optional::<u32>(fields, "version")? {
        None => Ok(None),
        Some(1) => Ok(Some(1)),
        Some(2) => Ok(Some(2)),
        Some(other) => {
            let message = format!("invalid IMDS version {other}; expected 1 or 2");
            Err(Problem::new("version", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a fault's stored form, or the error.
    fn read(document: &Value) -> Result<Value, String> {
        let fields = document.as_object().unwrap();
        let fault = Fault::read(fields, UnixMillis(0)).map_err(|problem| problem.to_string())?;
        let stored = fault.to_json();
        assert_eq!(
            Fault::read(stored.as_object().unwrap(), UnixMillis(0)),
            Ok(fault)
        );
        Ok(stored)
    }

    #[track_caller]
    fn check(document: &Value, expected: &Value) {
        let mut whole = json!({ "type": "fault" });
        crate::merge::apply(&mut whole, expected);
        assert_eq!(read(document), Ok(whole));
    }

    #[test]
    fn fields_of_the_user_replace_those_of_the_preset() {
        check(
            &json!({ "preset": "throttled", "nth": 3 }),
            &json!({ "nth": 3, "status": 503 }),
        );
        check(
            &json!({ "preset": "throttled", "share": 0.5, "stall": true }),
            &json!({ "share": 0.5, "stall": true }),
        );
        check(
            &json!({ "preset": "throttled", "throttle": 5 }),
            &json!({ "throttle": 5, "status": 503 }),
        );
        check(
            &json!({ "preset": "unavailable", "stall": true }),
            &json!({ "stall": true }),
        );
        check(
            &json!({ "preset": "unavailable", "stall": false }),
            &json!({ "status": 500 }),
        );
        check(
            &json!({ "preset": "early-boot", "until": "2026-01-01T00:00:00Z" }),
            &json!({ "method": "GET", "status": 401, "until": "2026-01-01T00:00:00Z" }),
        );
        check(
            &json!({ "preset": "slow", "status": 404 }),
            &json!({ "delay": "2s", "status": 404 }),
        );
    }

    #[test]
    fn contradictory_fields_of_the_user_are_rejected() {
        let both = json!({ "preset": "unavailable", "stall": true, "close": true });
        assert_eq!(
            read(&both).unwrap_err(),
            "close: cannot be combined with `stall`; remove one of them"
        );
    }

    #[test]
    fn methods_are_those_of_http_in_any_case() {
        check(
            &json!({ "status": 500, "method": "get" }),
            &json!({ "status": 500, "method": "GET" }),
        );
        for method in ["", "GET ME", "BREW"] {
            let said = read(&json!({ "status": 500, "method": method })).unwrap_err();
            let expected =
                format!("method: {method:?} is not a method of HTTP; write one of GET, ");
            assert!(said.starts_with(&expected), "{said}");
        }
    }

    #[test]
    fn delays_are_from_zero_to_one_hour() {
        check(
            &json!({ "preset": "slow", "delay": "0s" }),
            &json!({ "delay": "0s" }),
        );
        let said = read(&json!({ "delay": "61m" })).unwrap_err();
        assert!(
            said.starts_with("delay: it is longer than an hour; "),
            "{said}"
        );
        let said = read(&json!({ "credentials": "" })).unwrap_err();
        assert!(said.starts_with("credentials: it is empty; "), "{said}");
    }
}

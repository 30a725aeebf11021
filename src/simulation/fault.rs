//! Faults: their effect, the requests they match, and their frequency.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::json_fields::{later, optional};
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

/// The affected ones of a fault's matching requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Frequency {
    /// All.
    Always,
    /// The one with this number, from 1.
    Nth(u32),
    /// The first so many.
    First(u32),
    /// A share, from 0 to 1.
    Share(f64),
    /// All but the first so many of each second.
    Throttle(u32),
}

/// The effect of a fault on a response.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// None except for the delay.
    Delay,
    /// A response with this status.
    Status(StatusCode),
    /// No response.
    Stall,
    /// The connection closes without a response.
    Close,
    /// The connection closes after so many bytes of the body.
    Cut(usize),
    /// A malformed body.
    Garble,
    /// Credentials that expired an hour ago.
    ExpiredCredentials,
    /// A failure document with this code in place of credentials.
    CredentialsFailure(String),
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
        let frequency = frequency(fields)?;
        let delay = delay(fields)?;
        let effect = match effect(fields)? {
            Some(effect) => effect,
            None if matches!(frequency, Frequency::Throttle(_)) => {
                Effect::Status(StatusCode::SERVICE_UNAVAILABLE)
            }
            None if delay.is_some() => Effect::Delay,
            None => {
                let message = format!(
                    "no effect is given; use a preset ({}) or one of {}",
                    presets::names(),
                    EFFECTS.join(", ")
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
        match self.frequency {
            Frequency::Always => {}
            Frequency::Nth(number) => set("nth", number.into()),
            Frequency::First(count) => set("first", count.into()),
            Frequency::Share(share) => set("share", share.into()),
            Frequency::Throttle(rate) => set("throttle", rate.into()),
        }
        match &self.effect {
            Effect::Delay => {}
            Effect::Status(status) => set("status", status.as_u16().into()),
            Effect::Stall => set("stall", true.into()),
            Effect::Close => set("close", true.into()),
            Effect::Cut(length) => set("cut", (*length).into()),
            Effect::Garble => set("garble", true.into()),
            Effect::ExpiredCredentials => set("credentials", EXPIRED.into()),
            Effect::CredentialsFailure(code) => set("credentials", code.as_str().into()),
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

impl Effect {
    /// Whether this effect is possible at a normalized path.
    fn is_possible_at(&self, path: &str) -> bool {
        match self {
            Self::ExpiredCredentials | Self::CredentialsFailure(_) => {
                ["/security-credentials/", "/security-credentials-extended/"]
                    .iter()
                    .any(|directory| path.contains(directory))
            }
            _ => true,
        }
    }
}

/// The mutually exclusive fields that select the effect.
const EFFECTS: [&str; 7] = [
    "delay",
    "status",
    "stall",
    "close",
    "cut",
    "garble",
    "credentials",
];

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

/// The value of `credentials` for expired ones; other values are failure codes.
const EXPIRED: &str = "expired";

fn frequency(fields: &Map<String, Value>) -> Result<Frequency, Problem> {
    let frequency = only([
        ("nth", count(fields, "nth")?.map(Frequency::Nth)),
        ("first", count(fields, "first")?.map(Frequency::First)),
        ("share", share(fields)?.map(Frequency::Share)),
        (
            "throttle",
            count(fields, "throttle")?.map(Frequency::Throttle),
        ),
    ])?;
    Ok(frequency.unwrap_or(Frequency::Always))
}

fn effect(fields: &Map<String, Value>) -> Result<Option<Effect>, Problem> {
    let flag = |key, effect| Ok::<_, Problem>((key, flag(fields, key)?.then_some(effect)));
    let length = optional::<u32>(fields, "cut")?;
    let length = length.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    let credentials = optional::<String>(fields, "credentials")?;
    if credentials.as_deref() == Some("") {
        let message = "it is empty; write `expired` or the code of a failure, as in \
                         AssumeRoleUnauthorizedAccess";
        return Err(Problem::new("credentials", message));
    }
    only([
        ("status", status(fields)?.map(Effect::Status)),
        flag("stall", Effect::Stall)?,
        flag("close", Effect::Close)?,
        ("cut", length.map(Effect::Cut)),
        flag("garble", Effect::Garble)?,
        (
            "credentials",
            credentials.map(|said| match &*said {
                EXPIRED => Effect::ExpiredCredentials,
                _ => Effect::CredentialsFailure(said),
            }),
        ),
    ])
}

/// Returns the only value present; rejects two, which contradict each other.
fn only<T, const N: usize>(found: [(&str, Option<T>); N]) -> Result<Option<T>, Problem> {
    let mut only: Option<(&str, T)> = None;
    for (key, value) in found {
        only = match (only, value) {
            (only, None) => only,
            (None, Some(value)) => Some((key, value)),
            (Some((other, _)), Some(_)) => return Err(both(other, key)),
        };
    }
    Ok(only.map(|(_, value)| value))
}

fn flag(fields: &Map<String, Value>, key: &str) -> Result<bool, Problem> {
    optional(fields, key).map(Option::unwrap_or_default)
}

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

fn count(fields: &Map<String, Value>, key: &str) -> Result<Option<u32>, Problem> {
    match optional(fields, key)? {
        Some(0) => Err(Problem::new(key, "it is 0; write a number from 1 on")),
        count => Ok(count),
    }
}

fn share(fields: &Map<String, Value>) -> Result<Option<f64>, Problem> {
    let Some(value) = fields.get("share").filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let share = value.as_f64().filter(|share| (0.0..=1.0).contains(share));
    share.map(Some).ok_or_else(|| {
        let message = format!("{value} is not a share; use a number from 0 to 1, as in 0.5");
        Problem::new("share", message)
    })
}

/// Parses a final (not informational) status.
fn status(fields: &Map<String, Value>) -> Result<Option<StatusCode>, Problem> {
    let Some(number) = optional::<u32>(fields, "status")? else {
        return Ok(None);
    };
    let status = u16::try_from(number)
        .ok()
        .filter(|number| (200..600).contains(number));
    let status = status.and_then(|number| StatusCode::from_u16(number).ok());
    status.map(Some).ok_or_else(|| {
        let message = format!("{number} is not a response status; use 200 to 599");
        Problem::new("status", message)
    })
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

fn both(one: &str, other: &str) -> Problem {
    Problem::new(
        other,
        format!("cannot be combined with `{one}`; remove one of them"),
    )
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

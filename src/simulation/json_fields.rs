//! Parsing of objects with a fixed set of fields. Unknown fields are rejected to
//! catch typing errors.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::description::{Read, kind};
use crate::problem::Problem;
use crate::time::{OUT_OF_RANGE, UnixMillis};

/// Returns the fields of an object that has only `known` fields.
pub(crate) fn strict<'v>(
    value: &'v Value,
    known: &[&str],
) -> Result<&'v Map<String, Value>, Problem> {
    let Value::Object(fields) = value else {
        let message = format!(
            "this is {}, not an object; write {}",
            kind(value),
            known.join(", ")
        );
        return Err(Problem::new("", message));
    };
    match fields.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(fields),
        Some(unknown) => Err(Problem::new(
            unknown,
            format!("unknown field; expected one of {}", known.join(", ")),
        )),
    }
}

/// Parses an optional field.
pub(crate) fn optional<T: Read>(
    fields: &Map<String, Value>,
    key: &str,
) -> Result<Option<T>, Problem> {
    let value = fields.get(key).map(T::read).transpose();
    value.map_err(|problem| problem.inside(key))
}

/// Parses a field with a fixed set of words.
pub(crate) fn word<T: Copy>(
    fields: &Map<String, Value>,
    key: &str,
    words: &[(&str, T)],
) -> Result<Option<T>, Problem> {
    let Some(text) = optional::<String>(fields, key)? else {
        return Ok(None);
    };
    if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(Some(*meaning));
    }
    let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
    let message = format!(
        "{text:?} is none of {}; write one of them",
        words.join(", ")
    );
    Err(Problem::new(key, message))
}

/// A duration in human-readable form, for example `1m30s`.
impl Read for Duration {
    fn read(value: &Value) -> Result<Self, Problem> {
        let text = value.as_str().unwrap_or_default();
        humantime::parse_duration(text).map_err(|_| {
            let message = format!("{value} is not a duration; write it like 30s, 2m or 6h1s");
            Problem::new("", message)
        })
    }
}

/// Adds the duration of the field `key` to a time.
pub(crate) fn later(key: &str, time: UnixMillis, by: Duration) -> Result<UnixMillis, Problem> {
    let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    time.shifted(millis).ok_or_else(|| {
        let message = format!("the time that follows {OUT_OF_RANGE}");
        Problem::new(key, message)
    })
}

/// Returns the only value present; rejects two, which contradict each other.
pub(super) fn only<T, const N: usize>(found: [(&str, Option<T>); N]) -> Result<Option<T>, Problem> {
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

/// The problem of two fields that contradict each other.
pub(super) fn both(one: &str, other: &str) -> Problem {
    Problem::new(
        other,
        format!("cannot be combined with `{one}`; remove one of them"),
    )
}

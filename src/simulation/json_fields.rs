//! Documents with a few fields of their own: an unknown one is refused, for it
//! is a slip that would otherwise go unseen.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::description::{Read, kind};
use crate::problem::Problem;
use crate::time::{OUT_OF_RANGE, UnixMillis};

/// An object with no fields but the `known` ones.
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

/// A field that may be left out.
pub(crate) fn optional<T: Read>(
    fields: &Map<String, Value>,
    key: &str,
) -> Result<Option<T>, Problem> {
    let value = fields.get(key).map(T::read).transpose();
    value.map_err(|problem| problem.inside(key))
}

/// A field that is one of a few words.
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

/// A length of time, as people write it.
impl Read for Duration {
    fn read(value: &Value) -> Result<Self, Problem> {
        let text = value.as_str().unwrap_or_default();
        humantime::parse_duration(text).map_err(|_| {
            let message = format!("{value} is not a duration; write it like 30s, 2m or 6h1s");
            Problem::new("", message)
        })
    }
}

/// The moment so much later, which the field `key` says.
pub(crate) fn later(key: &str, time: UnixMillis, by: Duration) -> Result<UnixMillis, Problem> {
    let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    time.shifted(millis).ok_or_else(|| {
        let message = format!("the time that follows {OUT_OF_RANGE}");
        Problem::new(key, message)
    })
}

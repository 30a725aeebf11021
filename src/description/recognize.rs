//! Recognition of instance descriptions: documents of other tools would
//! otherwise parse as an empty description.

use serde_json::{Map, Value};

use super::describe_instances::InstanceDescription;
use crate::nearest::{distance, nearest};
use crate::problem::Problem;

/// The maximum number of unknown fields to check for typing errors.
const LOOKED_AT: usize = 100;

/// Limits on the names quoted in an error message.
const SHOWN_NAMES: usize = 3;
const SHOWN_LETTERS: usize = 40;

/// Rejects a non-empty object without any field of an instance. An empty object
/// is a valid description.
pub(super) fn recognize(document: &Value) -> Result<(), Problem> {
    let known = InstanceDescription::FIELDS;
    let Some(fields) = document.as_object().filter(|fields| !fields.is_empty()) else {
        return Ok(());
    };
    if fields.keys().any(|key| known.contains(&key.as_str())) {
        return Ok(());
    }
    Err(Problem::new("", message(fields, known)))
}

fn message(fields: &Map<String, Value>, known: &[&str]) -> String {
    let mut found: Vec<_> = fields
        .keys()
        .take(SHOWN_NAMES)
        .map(|key| quoted(key))
        .collect();
    if fields.len() > SHOWN_NAMES {
        found.push("…".to_owned());
    }
    let known = known.iter().chain(&["Instances", "Reservations"]);
    let spelt_otherwise = |key: &String| {
        let mut known = known.clone();
        known.find(|known| distance(key, known) == 0 && key != *known)
    };
    let expected = fields.keys().take(LOOKED_AT).find_map(spelt_otherwise);
    format!(
        "found {} and no field of an instance; expected what `aws ec2 describe-instances` prints \
         without --query, with fields such as `{}`",
        found.join(", "),
        expected.unwrap_or(&"InstanceId"),
    )
}

/// Warnings about unknown fields that differ from a known one by one letter or
/// in case.
pub(super) fn misspelled_fields(document: &Value, known: &[&'static str]) -> Vec<String> {
    let fields = document.as_object().into_iter().flat_map(Map::keys);
    let unknown = fields.filter(|key| !known.contains(&key.as_str()));
    let near = unknown.take(LOOKED_AT).filter_map(|key| {
        let meant = nearest(key, known.iter().copied())?;
        (distance(key, meant) <= 1).then(|| {
            format!(
                "unknown field {} is ignored; did you mean `{meant}`?",
                quoted(key)
            )
        })
    });
    near.collect()
}

fn quoted(name: &str) -> String {
    let short: String = name.chars().take(SHOWN_LETTERS).collect();
    format!("`{short}`")
}

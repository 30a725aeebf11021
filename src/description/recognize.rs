//! Whether a document is a description at all: other tools print documents
//! about instances too, of which nothing would be read.

use serde_json::{Map, Value};

use super::describe_instances::InstanceDescription;
use crate::nearest::{distance, nearest};
use crate::problem::Problem;

/// Of a document's unknown fields so many are looked at.
const LOOKED_AT: usize = 100;

/// How much of a document's names a sentence tells.
const SHOWN_NAMES: usize = 3;
const SHOWN_LETTERS: usize = 40;

/// Refuses an object that has fields, but none of an instance. One without any
/// is an instance of which nothing is said.
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

/// What is said of unknown fields that are a letter, or its case, away from a
/// known one.
pub(super) fn slips(document: &Value, known: &[&'static str]) -> Vec<String> {
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

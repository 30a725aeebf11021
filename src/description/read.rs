//! Parsing JSON with errors that name the field by its path.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::nearest::nearest;
use crate::problem::Problem;

/// A type that can be parsed from a JSON value.
pub(crate) trait Read: Sized {
    /// Whether `null` differs from an omitted field.
    const READS_NULL: bool = false;

    /// Parses a value.
    fn read(value: &Value) -> Result<Self, Problem>;
}

pub(super) fn object(value: &Value) -> Result<&Map<String, Value>, Problem> {
    value
        .as_object()
        .ok_or_else(|| mismatch(value, "an object"))
}

/// The fields of an object and the first error in them.
///
/// Parsing in place and continuing after an error needs less code than returning
/// from each of a hundred fields and moving the values, and the components
/// carry this code.
pub(super) struct Fields<'v> {
    fields: &'v Map<String, Value>,
    problem: Option<Problem>,
}

impl<'v> Fields<'v> {
    /// Opens a value that must be an object, restricted to the fields in `only`
    /// if present.
    pub(super) fn of(value: &'v Value, only: Option<&[&str]>) -> Result<Self, Problem> {
        let fields = object(value)?;
        let problem = only.and_then(|known| unknown_field(fields, known));
        Ok(Self { fields, problem })
    }

    /// Parses the field `key` into `place`; an omitted or `null` field leaves it
    /// unchanged.
    pub(super) fn field<T: Read>(&mut self, key: &str, place: &mut T) {
        if let Some(value) = self.given(key, T::READS_NULL) {
            match T::read(value) {
                Ok(read) => *place = read,
                Err(problem) => self.record_error(problem, key),
            }
        }
    }

    // Not generic, so compiled once and not once per field type.

    #[inline(never)]
    fn given(&self, key: &str, reads_null: bool) -> Option<&'v Value> {
        let value = self.fields.get(key);
        value.filter(|value| reads_null || !value.is_null())
    }

    #[inline(never)]
    fn record_error(&mut self, problem: Problem, key: &str) {
        self.problem.get_or_insert_with(|| problem.inside(key));
    }

    /// Returns the parsed value or the first error.
    pub(super) fn finish<T>(self, read: T) -> Result<T, Problem> {
        self.problem.map_or(Ok(read), Err)
    }
}

/// The error about the first unknown field, if any.
fn unknown_field(fields: &Map<String, Value>, known: &[&str]) -> Option<Problem> {
    let unknown = fields.keys().find(|key| !known.contains(&key.as_str()))?;
    let meant = nearest(unknown, known.iter().copied()).unwrap_or_default();
    Some(Problem::new(
        unknown,
        format!("unknown field; did you mean `{meant}`? `imdsim schema` prints all there are"),
    ))
}

#[inline(never)]
fn list(value: &Value) -> Result<&Vec<Value>, Problem> {
    value.as_array().ok_or_else(|| mismatch(value, "a list"))
}

/// The error about a value of the wrong type.
#[inline(never)]
fn mismatch(value: &Value, expected: &str) -> Problem {
    Problem::new(
        "",
        format!(
            "this is {}, not {expected}; write it as `aws ec2 describe-instances` prints it",
            kind(value)
        ),
    )
}

/// The type of a JSON value in words.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

pub(crate) fn text(value: &Value) -> Result<&str, Problem> {
    value.as_str().ok_or_else(|| mismatch(value, "a text"))
}

/// Parses a string in a special format; `what` completes "… is not …" and names
/// the remedy.
pub(crate) fn parsed<T>(
    value: &Value,
    what: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Problem> {
    let text = text(value)?;
    parse(text).ok_or_else(|| Problem::new("", format!("{text:?} is not {what}")))
}

impl Read for String {
    fn read(value: &Value) -> Result<Self, Problem> {
        text(value).map(str::to_owned)
    }
}

impl Read for bool {
    fn read(value: &Value) -> Result<Self, Problem> {
        value
            .as_bool()
            .ok_or_else(|| mismatch(value, "true or false"))
    }
}

impl Read for u32 {
    fn read(value: &Value) -> Result<Self, Problem> {
        let number = value.as_u64().and_then(|number| number.try_into().ok());
        number.ok_or_else(|| mismatch(value, "a whole number of its range"))
    }
}

/// EC2's API represents an absent text as an empty one.
impl<T: Read> Read for Option<T> {
    fn read(value: &Value) -> Result<Self, Problem> {
        if value.as_str() == Some("") {
            return Ok(None);
        }
        T::read(value).map(Some)
    }
}

impl<T: Read> Read for BTreeMap<String, T> {
    fn read(value: &Value) -> Result<Self, Problem> {
        let mut read = Self::new();
        for (key, value) in object(value)? {
            let inside = |problem: Problem| problem.inside(key);
            read.insert(key.clone(), T::read(value).map_err(inside)?);
        }
        Ok(read)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: &Value) -> Result<Self, Problem> {
        let items = list(value)?;
        let mut read = Self::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            read.push(T::read(item).map_err(|problem| in_list(problem, index))?);
        }
        Ok(read)
    }
}

#[inline(never)]
fn in_list(problem: Problem, index: usize) -> Problem {
    problem.inside(&format!("[{index}]"))
}

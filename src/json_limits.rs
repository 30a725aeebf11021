//! Limits of JSON documents. Texts are checked before they are parsed, because
//! the parser and the code after it recurse for every level.

use serde_json::Value;

use crate::limits::{MAX_ITEMS, MAX_JSON_DEPTH, MAX_JSON_VALUES, MAX_OVERRIDES};
use crate::problem::Problem;

/// Rejects JSON that is nested too deeply.
pub(crate) fn check_depth(json: &str) -> Result<(), String> {
    let Some(place) = Shape::of(json).too_deep else {
        return Ok(());
    };
    let before = &json[..place];
    let line = before.matches('\n').count() + 1;
    let column = place - before.rfind('\n').map_or(0, |newline| newline + 1) + 1;
    Err(format!(
        "the JSON is nested more than {MAX_JSON_DEPTH} levels deep at line {line} column {column}; \
         remove levels there"
    ))
}

/// Rejects JSON with too many values.
pub(crate) fn check_values(json: &str) -> Result<(), String> {
    let values = Shape::of(json).values;
    if values <= MAX_JSON_VALUES {
        return Ok(());
    }
    Err(format!(
        "the JSON has more than {MAX_JSON_VALUES} values; leave out what is not needed"
    ))
}

/// Rejects a description with too many items in a list or names in an object.
pub(crate) fn check_items(description: &Value) -> Result<(), Problem> {
    let (len, most) = match description {
        Value::Array(items) => (items.len(), MAX_ITEMS),
        Value::Object(fields) => (fields.len(), MAX_OVERRIDES),
        _ => return Ok(()),
    };
    if len > most {
        let message = format!("there are {len} and there may be {most}; remove some");
        return Err(Problem::new("", message));
    }
    match description {
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            check_items(item).map_err(|problem| problem.inside(&format!("[{index}]")))
        }),
        Value::Object(fields) => fields
            .iter()
            .try_for_each(|(key, value)| check_items(value).map_err(|problem| problem.inside(key))),
        _ => Ok(()),
    }
}

#[derive(Default)]
struct Shape {
    /// The start of the first object or list that is nested too deeply.
    too_deep: Option<usize>,
    /// An upper bound of the number of values.
    values: usize,
}

impl Shape {
    fn of(json: &str) -> Self {
        let mut shape = Self {
            values: 1,
            ..Self::default()
        };
        let mut depth = 0_usize;
        let mut in_text = false;
        let mut escaped = false;
        for (place, byte) in json.bytes().enumerate() {
            if in_text {
                in_text = escaped || byte != b'"';
                escaped = !escaped && byte == b'\\';
                continue;
            }
            match byte {
                b'"' => in_text = true,
                b',' => shape.values += 1,
                b'{' | b'[' => {
                    shape.values += 1;
                    depth += 1;
                    if depth > MAX_JSON_DEPTH {
                        shape.too_deep.get_or_insert(place);
                    }
                }
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        shape
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn nested(levels: usize) -> String {
        format!(
            "{}1{}",
            r#"{"a":["#.repeat(levels / 2),
            "]}".repeat(levels / 2)
        )
    }

    #[test]
    fn json_may_be_nested_as_deep_as_the_limit_and_no_deeper() {
        assert_eq!(check_depth(&nested(MAX_JSON_DEPTH)), Ok(()));
        assert_eq!(
            check_depth(&format!("[\n{}]", nested(MAX_JSON_DEPTH))).unwrap_err(),
            "the JSON is nested more than 64 levels deep at line 2 column 192; remove levels there"
        );
    }

    #[test]
    fn brackets_in_strings_are_ignored() {
        let brackets = "[".repeat(MAX_JSON_DEPTH + 1);
        assert_eq!(check_depth(&format!(r#"["{brackets}"]"#)), Ok(()));
        assert_eq!(check_depth(&format!(r#"["\"{brackets}\\"]"#)), Ok(()));
        assert!(check_depth(&format!(r#"["\\",{brackets}"#)).is_err());
    }

    #[test]
    fn values_are_counted_up_to_the_limit() {
        let list = |items: usize| format!("[{}0]", "0,".repeat(items - 1));
        assert_eq!(check_values(&list(MAX_JSON_VALUES - 1)), Ok(()));
        assert!(check_values(&list(MAX_JSON_VALUES)).is_err());
    }
    #[test]
    fn long_lists_are_named_by_their_path() {
        let tags = |len: usize| json!({ "Imdsim": [{ "Tags": vec![Value::Null; len] }] });
        assert_eq!(check_items(&tags(MAX_ITEMS)), Ok(()));
        assert_eq!(
            check_items(&tags(MAX_ITEMS + 1)).unwrap_err().to_string(),
            "Imdsim[0].Tags: there are 257 and there may be 256; remove some"
        );
    }
}

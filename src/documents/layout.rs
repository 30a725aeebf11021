//! The layouts in which the service writes JSON (reference 9).

use serde_json::Value;

/// `{`, two spaces, `"Key" : value`, one field a line, no newline at the end.
pub(super) fn spaced(fields: &[(&str, Value)]) -> String {
    let lines: Vec<_> = fields
        .iter()
        .map(|(key, value)| format!("  {} : {}", Value::from(*key), inline(value)))
        .collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

/// Lists have a space inside their brackets.
fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(inline).collect();
            format!("[ {} ]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// `{"key":"value",…}`, the layout of `tag-sets`.
pub(crate) fn one_line(fields: &[(String, String)]) -> String {
    let fields: Vec<_> = fields
        .iter()
        .map(|(key, value)| {
            format!(
                "{}:{}",
                Value::from(key.as_str()),
                Value::from(value.as_str())
            )
        })
        .collect();
    format!("{{{}}}", fields.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spaced_document_is_laid_out_as_captured() {
        let document = spaced(&[
            ("Code", "Success".into()),
            ("billingProducts", vec!["bp-1", "bp-2"].into()),
            ("kernelId", Value::Null),
        ]);
        assert_eq!(
            document,
            "{\n  \"Code\" : \"Success\",\n  \"billingProducts\" : [ \"bp-1\", \"bp-2\" ],\n  \
             \"kernelId\" : null\n}"
        );
    }

    #[test]
    fn the_tag_set_stands_on_one_line() {
        let tags = [("add", "added"), ("empty", "")].map(|(k, v)| (k.into(), v.into()));
        assert_eq!(one_line(&tags), r#"{"add":"added","empty":""}"#);
        assert_eq!(one_line(&[]), "{}");
    }
}

//! The service's JSON layouts (reference 9).

use serde_json::Value;

/// One field per line as `  "Key" : value`, without a final newline.
pub(super) fn spaced(fields: &[(&str, Value)]) -> String {
    let lines: Vec<_> = fields
        .iter()
        .map(|(key, value)| format!("  {} : {}", Value::from(*key), inline(value)))
        .collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

/// Lists have spaces inside the brackets.
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
    fn spaced_documents_have_the_captured_layout() {
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
    fn tag_sets_are_on_one_line() {
        let tags = [("add", "added"), ("empty", "")].map(|(k, v)| (k.into(), v.into()));
        assert_eq!(one_line(&tags), r#"{"add":"added","empty":""}"#);
        assert_eq!(one_line(&[]), "{}");
    }
}

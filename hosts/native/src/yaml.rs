//! Conversion of YAML documents, as `aws … --output yaml` prints them, to JSON,
//! which the core reads.

use std::path::Path;

use serde::de::IgnoredAny;
use serde_json::Value;

/// Converts a document to JSON. Returns text that is neither JSON nor YAML
/// unchanged, for the core to reject, unless the file name ends in `.yaml` or
/// `.yml`.
pub(crate) fn to_json(path: &Path, text: String) -> Result<String, String> {
    let is_json = text.trim_start().starts_with(['{', '[']);
    if is_json || serde_json::from_str::<IgnoredAny>(&text).is_ok() {
        return Ok(text);
    }
    let extension = path.extension().unwrap_or_default();
    let options = serde_saphyr::options! {
        // YAML 1.2, as the AWS CLI writes it: `yes` is a string.
        strict_booleans: true,
        with_snippet: false,
    };
    match serde_saphyr::from_str_with_options::<Value>(&text, options) {
        Ok(document @ (Value::Object(_) | Value::Array(_))) => Ok(document.to_string()),
        Err(error) if extension == "yaml" || extension == "yml" => Err(error.to_string()),
        Ok(_) | Err(_) => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, text: &str, expected: &str) {
        let json = to_json(Path::new(name), text.to_owned());
        assert_eq!(json.as_deref(), Ok(expected));
    }

    #[test]
    fn aws_cli_yaml_is_read_under_any_file_name() {
        let printed = "Reservations:\n- Groups: []\n  Instances:\n  - AmiLaunchIndex: 0\n    \
                       LaunchTime: '2026-01-01T00:00:00+00:00'\n    EbsOptimized: false\n    \
                       Tags:\n    - Key: norway\n      Value: no\n  OwnerId: '012345678901'\n";
        for name in ["instance.yaml", "instance.yml", "instance", "instance.json"] {
            check(
                name,
                printed,
                r#"{"Reservations":[{"Groups":[],"Instances":[{"AmiLaunchIndex":0,"EbsOptimized":false,"LaunchTime":"2026-01-01T00:00:00+00:00","Tags":[{"Key":"norway","Value":"no"}]}],"OwnerId":"012345678901"}]}"#,
            );
        }
    }

    #[test]
    fn json_and_other_text_are_unchanged() {
        for text in [
            "{\"a\": 1}",
            " [1]",
            "{",
            "5",
            "aws_access_key_id=AKIA",
            "a: [",
            "",
        ] {
            check("document", text, text);
        }
    }

    #[test]
    fn a_yaml_error_names_its_line() {
        let said = to_json(Path::new("a.yaml"), "a: 1\nb: [".to_owned()).unwrap_err();
        assert!(said.contains("line 2"), "{said}");
        assert!(!said.contains('\n'), "{said}");
    }
}

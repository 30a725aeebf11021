//! Documents in YAML, as `aws … --output yaml` prints them. The core reads JSON
//! only.

use std::path::Path;

use serde::de::IgnoredAny;
use serde_json::Value;

/// A document as JSON. What is neither JSON nor YAML stays as it is, for the
/// core to say what is wrong with it, unless the file is called YAML.
pub(crate) fn to_json(path: &Path, text: String) -> Result<String, String> {
    let is_json = text.trim_start().starts_with(['{', '[']);
    if is_json || serde_json::from_str::<IgnoredAny>(&text).is_ok() {
        return Ok(text);
    }
    let extension = path.extension().unwrap_or_default();
    let options = serde_saphyr::options! {
        // YAML 1.2, as the AWS CLI writes it: `yes` is a text.
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
    fn yaml_as_the_aws_cli_prints_it_is_read_under_any_name() {
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
    fn json_stays_as_it_is_and_so_does_what_is_neither() {
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
    fn a_mistake_in_a_file_called_yaml_is_told_by_its_line() {
        let said = to_json(Path::new("a.yaml"), "a: 1\nb: [".to_owned()).unwrap_err();
        assert!(said.contains("line 2"), "{said}");
        assert!(!said.contains('\n'), "{said}");
    }
}

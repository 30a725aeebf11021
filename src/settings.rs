//! Unparsed settings, in layers: a document, variables, flags.
//!
//! Values are parsed once, when all layers are known ([`Config`](crate::Config)).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::constants::VARIABLE_PREFIX;
use crate::description::kind;
use crate::json_limits;
use crate::nearest::nearest;
use crate::problem::Problem;
use crate::small_sort;

/// The keys of the configuration document. The environment variable of a key is
/// `IMDSIM_` and the key in uppercase; the flag is `--` and the key with hyphens.
pub const KEYS: &[&str] = &[
    "admin_token",
    "allow_hosts",
    "credentials",
    "forwarded_for",
    "frozen_entropy",
    "frozen_time",
    "host",
    "http_endpoint",
    "http_protocol_ipv6",
    "http_put_response_hop_limit",
    "http_tokens",
    "identity_keys",
    "instance",
    "instance_metadata_tags",
    "journal",
    "loopback_only",
    "mock_ip_count",
    "overrides",
    "secret",
    "started",
    "timeline",
    "user_data",
];

/// The keys whose values are JSON documents.
const DOCUMENTS: [&str; 4] = ["credentials", "instance", "overrides", "timeline"];

/// The variable that holds a whole document where variables are named as [`KEYS`] are.
pub const DOCUMENT_KEY: &str = "config";

/// A value and its source.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SourcedValue {
    pub(crate) place: String,
    pub(crate) value: Value,
}

impl SourcedValue {
    /// Parses the value as a document, or as the text of a document. Errors start
    /// with the source.
    pub(crate) fn read<T>(
        &self,
        read: impl Fn(&Value) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let result = match &self.value {
            Value::String(text) => read_json("", text).and_then(|document| read(&document)),
            document => read(document),
        };
        result.map_err(|problem| problem.within(&self.place))
    }
}

/// Settings by key, each with its source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings(BTreeMap<&'static str, SourcedValue>);

impl Settings {
    /// Parses a configuration document: a JSON object with the [`KEYS`]. `place`
    /// names the document in errors.
    pub fn parse(place: &str, document: &str) -> Result<Self, Problem> {
        let value = read_json(place, document)?;
        let Value::Object(fields) = value else {
            return Err(Problem::new(
                place,
                format!(
                    "a configuration is a JSON object, not {}; write it like \
                     {{\"http_tokens\": \"required\"}}",
                    kind(&value)
                ),
            ));
        };
        let mut settings = Self::default();
        for (name, value) in fields {
            let key = must_know(place, &name)?;
            let place = format!("{place}: {key}");
            settings.0.insert(key, SourcedValue { place, value });
        }
        Ok(settings)
    }

    /// Sets a key from the text of a variable or flag; `place` is the name of the
    /// variable, flag or file.
    pub fn set(&mut self, place: &str, key: &str, text: &str) -> Result<(), Problem> {
        let key = must_know(place, key)?;
        let value = if DOCUMENTS.contains(&key) {
            if key == "credentials" && is_ini(text) {
                return Err(Problem::new(place, INI));
            }
            read_json(place, text)?
        } else {
            Value::from(text)
        };
        let place = place.to_owned();
        self.0.insert(key, SourcedValue { place, value });
        Ok(())
    }

    /// Sets a key unless it is set.
    pub fn suggest(&mut self, key: &str, text: &str) -> Result<(), Problem> {
        match known(key) {
            Some(key) if self.0.contains_key(key) => Ok(()),
            _ => self.set(key, key, text),
        }
    }

    /// Overrides these settings by others.
    pub fn overlay(&mut self, later: Self) {
        self.0.extend(later.0);
    }

    /// Returns the keys whose values differ.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let value = |settings: &Self, key| settings.get(key).map(|given| given.value.clone());
        let keys = KEYS.iter().copied();
        keys.filter(|key| value(self, key) != value(other, key))
            .collect()
    }

    /// Returns an equivalent configuration document.
    pub fn to_json(&self) -> String {
        let fields = self.0.iter();
        small_sort::object(fields.map(|(key, given)| (*key, given.value.clone()))).to_string()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&SourcedValue> {
        self.0.get(key)
    }
}

/// The error for credentials in the format of the AWS CLI's files.
const INI: &str = "this is an INI file; give the JSON that `aws sts get-session-token --profile \
                   NAME` prints, or `aws configure export-credentials --profile NAME` where they \
                   are temporary already";

/// Whether a text has the format of `~/.aws/credentials`: its first line other
/// than blanks and comments is a name in brackets or a setting.
fn is_ini(text: &str) -> bool {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    let line = lines.next().unwrap_or_default();
    let is_section = line.starts_with('[') && line.ends_with(']');
    is_section && serde_json::from_str::<Value>(line).is_err()
        || line.starts_with(|first: char| first.is_ascii_alphabetic()) && line.contains('=')
}

/// Returns the key that an environment variable sets, for example `http_tokens`
/// for `IMDSIM_HTTP_TOKENS`.
pub fn key_of(variable: &str) -> Option<&'static str> {
    known(&variable.strip_prefix(VARIABLE_PREFIX)?.to_ascii_lowercase())
}

pub(crate) fn known(name: &str) -> Option<&'static str> {
    KEYS.iter().find(|key| **key == name).copied()
}

fn must_know(place: &str, name: &str) -> Result<&'static str, Problem> {
    known(name).ok_or_else(|| {
        let meant = nearest(name, KEYS.iter().copied()).unwrap_or_default();
        let name: String = name.chars().take(40).collect();
        let all = KEYS.join(", ");
        Problem::new(
            place,
            format!("unknown setting `{name}`; did you mean `{meant}`? The settings are {all}"),
        )
    })
}

/// Reads a JSON document. Some editors put a byte order mark in front.
pub(crate) fn read_json(place: &str, text: &str) -> Result<Value, Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    json_limits::check_depth(text).map_err(|message| Problem::new(place, message))?;
    serde_json::from_str(text)
        .map_err(|error| Problem::new(place, format!("{error}; fix the JSON")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted() {
        assert!(KEYS.is_sorted());
    }

    #[test]
    fn unknown_keys_are_rejected_with_the_known_ones() {
        let problem = Settings::parse("c.json", r#"{"http_token": 1}"#).unwrap_err();
        let said = problem.to_string();
        assert!(said.starts_with(
            "c.json: unknown setting `http_token`; did you mean `http_tokens`? The settings \
                 are admin_token, "
        ));
    }

    #[test]
    fn byte_order_marks_are_skipped_in_every_document() {
        let marked = |text: &str| format!("\u{feff}{text}");
        let document = marked(r#"{"http_tokens": "required"}"#);
        let settings = Settings::parse("IMDSIM_CONFIG", &document).unwrap();
        assert_eq!(settings.to_json(), r#"{"http_tokens":"required"}"#);
        for key in DOCUMENTS {
            let mut settings = Settings::default();
            settings.set("file", key, &marked("{}")).unwrap();
            assert_eq!(settings.to_json(), format!(r#"{{"{key}":{{}}}}"#));
        }
    }

    #[test]
    fn ini_credentials_are_rejected_with_the_command_for_json() {
        let said = |text: &str| {
            let set = Settings::default().set("credentials", "credentials", text);
            set.unwrap_err().to_string()
        };
        for text in [
            "[default]\naws_access_key_id = AKIA\n",
            "\u{feff}# mine\n\n[profile x]\r\nsso_session = x\r\n",
            "aws_access_key_id=AKIA",
        ] {
            let said = said(text);
            assert!(
                said.starts_with("credentials: this is an INI file; "),
                "{said}"
            );
            assert!(
                said.contains("`aws sts get-session-token --profile NAME`"),
                "{said}"
            );
        }
        assert!(said("{").ends_with("fix the JSON"));
    }

    #[test]
    fn deeply_nested_json_is_rejected_before_parsing() {
        let deep = format!("{}{}", "[".repeat(127), "]".repeat(127));
        let mut settings = Settings::default();
        let problem = settings.set("IMDSIM_INSTANCE", "instance", &deep);
        assert_eq!(
            problem.unwrap_err().to_string(),
            "IMDSIM_INSTANCE: the JSON is nested more than 64 levels deep at line 1 column 65; \
             remove levels there"
        );
    }

    #[test]
    fn malformed_json_is_rejected_with_its_line() {
        let problem = Settings::parse("c.json", "{\n  1").unwrap_err();
        assert_eq!(
            problem.to_string(),
            "c.json: key must be a string at line 2 column 3; fix the JSON"
        );
    }
}

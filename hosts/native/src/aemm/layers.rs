//! The mock's configuration by key: variables override the file, and flags
//! override both.

use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::flags::GivenFlag;
use super::keys;
use crate::error::Failure;

/// All given values, the one with the highest precedence for each key.
#[derive(Debug, Default)]
pub(super) struct Layers {
    given: BTreeMap<String, SourcedValue>,
    /// Warnings to print.
    pub(super) warnings: Vec<String>,
}

/// A value and its source.
#[derive(Clone, Debug)]
pub(super) struct SourcedValue {
    /// The flag, the variable, or the file and the key.
    pub(super) place: String,
    /// A string, number, boolean, or list of strings.
    pub(super) value: Value,
    /// Whether it was a flag.
    pub(super) is_flag: bool,
}

impl Layers {
    /// Adds a configuration file.
    pub(super) fn add_file(&mut self, file: &str, text: &str) -> Result<(), Failure> {
        let document: Value = serde_json::from_str(text)
            .map_err(|error| Failure::new(file, error, "fix the JSON"))?;
        let Value::Object(fields) = document else {
            return Err(Failure::new(
                file,
                "this is not a JSON object",
                "write it like {\"spot\": {\"action\": \"stop\"}}",
            ));
        };
        self.add_fields(file, "", &fields);
        Ok(())
    }

    fn add_fields(&mut self, file: &str, above: &str, fields: &Map<String, Value>) {
        for (name, value) in fields {
            let name = format!("{above}{name}");
            let place = format!("{file}: {name}");
            match (value, keys::find(&name)) {
                (Value::Null, _) => {}
                (Value::Object(fields), None) => {
                    self.add_fields(file, &format!("{name}."), fields);
                }
                (value, Some(key)) => self.put(key, place, value.clone(), false),
                (_, None) if imdsim::KEYS.contains(&&*name) => self.warn(format_args!(
                    "{place}: this is a setting of imdsim's own, which --config takes; ignored"
                )),
                (_, None) => {
                    self.warn(format_args!("{place}: unknown setting; ignored"));
                }
            }
        }
    }

    /// Adds the mock's environment variables.
    pub(super) fn add_variables<'a>(
        &mut self,
        variables: impl Iterator<Item = (&'a str, &'a str)>,
    ) {
        for (name, text) in variables {
            if let Some(key) = keys::of_variable(name) {
                self.put(key, name.to_owned(), text.into(), false);
            } else if name.starts_with(keys::PREFIX) {
                self.warn(format_args!("{name}: unknown setting; ignored"));
            }
        }
    }

    /// Adds flags.
    pub(super) fn add_flags(&mut self, flags: Vec<GivenFlag<'_>>) {
        for (flag, key, text) in flags {
            self.put(key.to_owned(), flag.to_owned(), text.into(), true);
        }
    }

    fn put(&mut self, key: String, place: String, value: Value, is_flag: bool) {
        let given = SourcedValue {
            place,
            value,
            is_flag,
        };
        self.given.insert(key, given);
    }

    /// Adds a warning.
    pub(super) fn warn(&mut self, sentence: impl Display) {
        self.warnings.push(sentence.to_string());
    }

    /// Returns the value of a key. An empty string counts as missing.
    pub(super) fn get(&self, key: &str) -> Option<&SourcedValue> {
        self.given.get(key).filter(|given| given.value != "")
    }

    /// All given values, by key.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &SourcedValue)> {
        let keys = self.given.keys().map(String::as_str);
        keys.filter_map(|key| Some((key, self.get(key)?)))
    }

    /// Returns a value as a string.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.get(key).map(SourcedValue::text)
    }

    /// Returns a whole number.
    pub(super) fn number(&self, key: &str) -> Result<Option<i64>, Failure> {
        let parse = |given: &SourcedValue| {
            let text = given.text();
            text.parse()
                .map_err(|_| given.refuse("is not a whole number", "write one, as in 10"))
        };
        self.get(key).map(parse).transpose()
    }

    /// Returns a boolean, `false` by default.
    pub(super) fn boolean(&self, key: &str) -> Result<bool, Failure> {
        let Some(given) = self.get(key) else {
            return Ok(false);
        };
        match &*given.text().to_ascii_lowercase() {
            "true" | "t" | "1" => Ok(true),
            "false" | "f" | "0" => Ok(false),
            _ => Err(given.refuse("is not a boolean", "use true or false")),
        }
    }

    /// Returns a time, in any UTC offset.
    pub(super) fn time(&self, key: &str) -> Result<Option<Timestamp>, Failure> {
        let parse = |given: &SourcedValue| {
            let remedy = "write RFC 3339, as in 2026-01-01T00:00:00Z";
            let text = given.text();
            text.parse()
                .map_err(|_| given.refuse("is not a time", remedy))
        };
        // The mock treats one of its time flags as a number that defaults to 0.
        let said = self.get(key).filter(|given| given.text() != "0");
        said.map(parse).transpose()
    }

    /// Returns one of a few words.
    pub(super) fn word(&self, key: &str, words: &[&str]) -> Result<Option<String>, Failure> {
        let check = |given: &SourcedValue| {
            let text = given.text();
            if words.contains(&&*text) {
                return Ok(text);
            }
            let message = format!("is none of {}", words.join(", "));
            Err(given.refuse(&message, "write one of them"))
        };
        self.get(key).map(check).transpose()
    }
}

impl SourcedValue {
    /// The value as a string; a list has one item per line.
    pub(super) fn text(&self) -> String {
        match &self.value {
            Value::String(text) => text.clone(),
            Value::Array(items) => {
                let line = |item: &Value| item.as_str().map_or(item.to_string(), str::to_owned);
                items.iter().map(line).collect::<Vec<_>>().join("\n")
            }
            other => other.to_string(),
        }
    }

    /// The error for an invalid value.
    pub(super) fn refuse(&self, message: &str, remedy: &str) -> Failure {
        let what = format!("{:?} {message}", self.text());
        Failure::new(&self.place, what, remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(file: &str, variables: &[(&str, &str)], flags: Vec<GivenFlag<'_>>) -> Layers {
        let mut layers = Layers::default();
        layers.add_file("aemm.json", file).unwrap();
        layers.add_variables(variables.iter().copied());
        layers.add_flags(flags);
        layers
    }

    #[test]
    fn flags_override_variables_and_variables_override_the_file() {
        let file = r#"{"mock-delay-sec": 1, "spot": {"action": "stop", "time": "x"}}"#;
        let variables = [
            ("AEMM_MOCK_DELAY_SEC", "2"),
            ("AEMM_SPOT_ACTION", "hibernate"),
        ];
        let flags = vec![("--mock-delay-sec", "mock-delay-sec", "3")];
        let layers = layers(file, &variables, flags);
        assert_eq!(layers.number("mock-delay-sec").unwrap(), Some(3));
        assert_eq!(layers.text("spot.action").as_deref(), Some("hibernate"));
        assert_eq!(layers.text("spot.time").as_deref(), Some("x"));
        assert!(layers.warnings.is_empty());
    }

    #[test]
    fn an_empty_variable_hides_the_value_in_the_file() {
        let file = r#"{"spot": {"time": "2026-01-01T00:00:00Z"}}"#;
        let layers = layers(file, &[("AEMM_SPOT_TIME", "")], vec![]);
        assert_eq!(layers.time("spot.time").unwrap(), None);
    }

    #[test]
    fn keys_are_case_insensitive() {
        let file = r#"{"metadata": {"values": {"iam-info": {"instanceprofileid": "AIPA1"}}}}"#;
        let layers = layers(file, &[], vec![]);
        let key = "metadata.values.iam-info.InstanceProfileId";
        assert_eq!(layers.text(key).as_deref(), Some("AIPA1"));
    }

    #[test]
    fn unknown_keys_cause_warnings() {
        let file = r#"{"spott": {"action": 1}, "http_tokens": "required", "metadata": 5}"#;
        let layers = layers(file, &[("AEMM_PORT", "1"), ("HOME", "/")], vec![]);
        assert_eq!(
            layers.warnings,
            [
                "aemm.json: http_tokens: this is a setting of imdsim's own, which --config takes; \
                 ignored",
                "aemm.json: metadata: unknown setting; ignored",
                "aemm.json: spott.action: unknown setting; ignored",
                "AEMM_PORT: unknown setting; ignored",
            ]
        );
    }

    #[test]
    fn an_invalid_value_names_its_source() {
        let file = r#"{"imdsv2": "maybe", "mock-delay-sec": 1.5, "spot": {"action": "nap"}}"#;
        let layers = layers(file, &[("AEMM_SPOT_TIME", "noon")], vec![]);
        let said = [
            layers.boolean("imdsv2").unwrap_err(),
            layers.number("mock-delay-sec").unwrap_err(),
            layers.word("spot.action", &["stop", "go"]).unwrap_err(),
            layers.time("spot.time").unwrap_err(),
        ]
        .map(|failure| failure.to_string());
        assert_eq!(
            said,
            [
                "aemm.json: imdsv2: \"maybe\" is not a boolean; use true or false",
                "aemm.json: mock-delay-sec: \"1.5\" is not a whole number; write one, as in 10",
                "aemm.json: spot.action: \"nap\" is none of stop, go; write one of them",
                "AEMM_SPOT_TIME: \"noon\" is not a time; \
                 write RFC 3339, as in 2026-01-01T00:00:00Z",
            ]
        );
    }
}

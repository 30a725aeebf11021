//! Settings as the host passes them: unparsed variables.

use std::fmt;
use std::hash::Hasher as _;

use twox_hash::XxHash64;

use crate::constants::DOCUMENT_VARIABLE;
use crate::problem::Problem;
use crate::settings::{self, DOCUMENT_KEY, Settings};

/// The variables that hold settings.
pub(crate) struct Variables(Vec<Variable>);

/// A variable that holds a setting, or all of them.
struct Variable {
    name: String,
    /// The setting; `None` for a whole document.
    key: Option<&'static str>,
    /// The value; the host's error message if it cannot be read.
    text: Result<String, String>,
}

/// The settings under which a response depends on nothing but the instance, the
/// time and the token.
const DESCRIPTIVE: [&str; 15] = [
    "admin_token",
    "allow_hosts",
    "forwarded_for",
    "host",
    "http_endpoint",
    "http_protocol_ipv6",
    "http_put_response_hop_limit",
    "http_tokens",
    "identity_keys",
    "instance",
    "instance_metadata_tags",
    "loopback_only",
    "overrides",
    "secret",
    "user_data",
];

impl Variables {
    /// `IMDSIM_CONFIG` and the environment variables of single settings, for
    /// example `IMDSIM_HTTP_TOKENS`. Others are ignored.
    pub(crate) fn of_environment(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let variables = variables.into_iter().filter_map(|(name, value)| {
            let key = settings::key_of(&name);
            (key.is_some() || name == DOCUMENT_VARIABLE).then_some(Variable {
                name,
                key,
                text: Ok(value),
            })
        });
        Self(variables.collect())
    }

    /// The variable `config` and those named like the [`KEYS`](crate::KEYS).
    /// Others are ignored. An empty variable is unset, since hosts may require a
    /// default. A variable that cannot be read is an error, so that an unavailable
    /// secret is not mistaken for none.
    pub(crate) fn of_settings(
        variables: impl IntoIterator<Item = (String, Result<String, String>)>,
    ) -> Self {
        let variables = variables.into_iter().filter_map(|(name, text)| {
            let key = settings::known(&name);
            let is_setting = key.is_some() || name == DOCUMENT_KEY;
            let counts = match &text {
                Ok(value) => is_setting && !value.is_empty(),
                Err(_) => true,
            };
            counts.then_some(Variable { name, key, text })
        });
        Self(variables.collect())
    }

    /// Parses the document and then the single settings, which override it.
    pub(crate) fn settings(&self) -> Result<Settings, Problem> {
        let mut document = Settings::default();
        let mut single = Settings::default();
        for Variable { name, key, text } in &self.0 {
            let text = text.as_ref().map_err(|reason| Problem::new(name, reason))?;
            match key {
                None => document = Settings::parse(name, text)?,
                Some(key) => single.set(name, key, text)?,
            }
        }
        document.overlay(single);
        Ok(document)
    }

    /// The unparsed secret, if it is set.
    pub(crate) fn secret(&self) -> Option<&str> {
        let mut texts = self.texts();
        texts.find_map(|(key, text)| (key == Some("secret")).then_some(text))
    }

    /// Whether a response depends on nothing but the instance, the time and the
    /// token.
    pub(crate) fn only_describe(&self) -> bool {
        self.0.iter().all(|variable| {
            let is_descriptive = |key| DESCRIPTIVE.contains(&key);
            variable.text.is_ok() && variable.key.is_some_and(is_descriptive)
        })
    }

    /// The length of all values in bytes.
    pub(crate) fn total_len(&self) -> usize {
        self.texts().map(|(_, text)| text.len()).sum()
    }

    /// Hashes all values with their keys.
    pub(crate) fn hash(&self, hasher: &mut XxHash64) {
        for (key, text) in self.texts() {
            for text in [key.unwrap_or_default(), text] {
                hasher.write_u64(text.len() as u64);
                hasher.write(text.as_bytes());
            }
        }
    }

    /// The readable variables: settings, `None` for a whole document, and values.
    fn texts(&self) -> impl Iterator<Item = (Option<&'static str>, &str)> {
        let variables = self.0.iter();
        variables.filter_map(|variable| Some((variable.key, variable.text.as_deref().ok()?)))
    }
}

/// Omits the values, to keep secrets out of logs.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variables").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_variable_wins_over_the_document() {
        let settings = Variables::of_environment(
            [
                ("IMDSIM_HTTP_TOKENS", "required"),
                (
                    "IMDSIM_CONFIG",
                    r#"{"http_tokens": "optional", "secret": "s"}"#,
                ),
                ("IMDSIM_SOMETHING_ELSE", "x"),
            ]
            .map(|(name, value)| (name.into(), value.into())),
        )
        .settings()
        .unwrap();
        assert_eq!(
            settings.to_json(),
            r#"{"http_tokens":"required","secret":"s"}"#
        );
    }

    #[test]
    fn empty_variables_are_ignored_and_failing_ones_reported() {
        let variable = |name: &str, value: &str| (name.to_owned(), Ok(value.to_owned()));
        let settings = [
            variable("admin_token", ""),
            variable("something_else", "x"),
            variable("http_tokens", "required"),
            variable("config", r#"{"http_tokens": "optional", "secret": "s"}"#),
        ];
        let failing = ("admin_token".to_owned(), Err("the vault is sealed".into()));
        let problem = Variables::of_settings([failing]).settings().unwrap_err();
        assert_eq!(problem.to_string(), "admin_token: the vault is sealed");
        let settings = Variables::of_settings(settings).settings();
        assert_eq!(
            settings.unwrap().to_json(),
            r#"{"http_tokens":"required","secret":"s"}"#
        );
    }

    #[test]
    fn pages_depend_on_empty_environment_variables_as_the_settings_do() {
        let of = |name: &str| Variables::of_environment([(name.to_owned(), String::new())]);
        assert!(
            of("IMDSIM_JOURNAL")
                .settings()
                .unwrap()
                .get("journal")
                .is_some()
        );
        assert!(!of("IMDSIM_JOURNAL").only_describe());
        assert!(!of("IMDSIM_CONFIG").only_describe());
        assert!(of("IMDSIM_HOST").only_describe() && of("HOME").only_describe());
    }
}

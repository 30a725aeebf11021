//! Settings as the host passes them: unparsed variables.

use std::fmt;
use std::hash::Hasher as _;

use twox_hash::XxHash64;

use crate::constants::DOCUMENT_VARIABLE;
use crate::problem::Problem;
use crate::settings::{self, DOCUMENT_KEY, Settings};

/// The variables that hold the settings.
pub(crate) struct Variables {
    naming: Naming,
    /// Names and values; the host's error message if one cannot be read.
    values: Vec<(String, Result<String, String>)>,
}

/// How the variables are named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// As environment variables, for example `IMDSIM_HTTP_TOKENS`.
    Environment,
    /// As settings, for example `http_tokens`.
    Settings,
}

/// The settings under which a response depends on nothing but the instance, the
/// time and the token.
const DESCRIBING: [&str; 14] = [
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
    "user_data",
];

impl Variables {
    /// Environment variables; see [`Settings::from_env`].
    pub(crate) fn of_environment(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let variables = variables.into_iter();
        Self {
            naming: Naming::Environment,
            values: variables.map(|(name, value)| (name, Ok(value))).collect(),
        }
    }

    /// Variables named like settings; see [`Settings::from_variables`].
    pub(crate) fn of_settings(
        variables: impl IntoIterator<Item = (String, Result<String, String>)>,
    ) -> Self {
        Self {
            naming: Naming::Settings,
            values: variables.into_iter().collect(),
        }
    }

    /// Parses the settings.
    pub(crate) fn settings(&self) -> Result<Settings, Problem> {
        let values = self.values.iter();
        match self.naming {
            Naming::Environment => Settings::from_env(
                values.filter_map(|(name, value)| Some((name.clone(), value.clone().ok()?))),
            ),
            Naming::Settings => Settings::from_variables(values.cloned()),
        }
    }

    /// The unparsed secret, if it is set.
    pub(crate) fn secret(&self) -> Option<&str> {
        let mut set = self.set();
        set.find_map(|(key, value)| (key == Some("secret")).then_some(value))
    }

    /// Whether a response depends on nothing but the instance, the time and the
    /// token.
    pub(crate) fn only_describe(&self) -> bool {
        let known = |key| key == "secret" || DESCRIBING.contains(&key);
        self.values.iter().all(|(_, value)| value.is_ok())
            && self.set().all(|(key, _)| key.is_some_and(known))
    }

    /// The length of all values in bytes.
    pub(crate) fn total_len(&self) -> usize {
        self.set().map(|(_, value)| value.len()).sum()
    }

    /// Hashes all values with their keys.
    pub(crate) fn hash(&self, hasher: &mut XxHash64) {
        for (key, value) in self.set() {
            for text in [key.unwrap_or_default(), value] {
                hasher.write_u64(text.len() as u64);
                hasher.write(text.as_bytes());
            }
        }
    }

    /// The non-empty variables that hold settings: keys, `None` for a whole
    /// document, and values.
    fn set(&self) -> impl Iterator<Item = (Option<&'static str>, &str)> {
        self.values.iter().filter_map(|(name, value)| {
            let value = value.as_deref().ok().filter(|value| !value.is_empty())?;
            let (document, key) = match self.naming {
                Naming::Environment => (DOCUMENT_VARIABLE, settings::key_of(name)),
                Naming::Settings => (DOCUMENT_KEY, settings::known(name)),
            };
            (key.is_some() || name == document).then_some((key, value))
        })
    }
}

/// Omits the values, to keep secrets out of logs.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variables").finish_non_exhaustive()
    }
}

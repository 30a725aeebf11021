//! The parsed and validated settings.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::apply_settings;
use crate::clock::Clock;
use crate::description::Description;
use crate::host_header;
use crate::instance::{self, Instance, RoleCredentials};
use crate::limits::{MAX_CLIENTS, MAX_JOURNAL};
use crate::problem::Problem;
use crate::request_context::RequestContext;
use crate::settings::{Settings, SourcedValue};
use crate::signature::IdentityKeys;
use crate::simulation::Timeline;
use crate::time::{TimeError, UnixMillis};
use crate::tree;

/// The parsed and validated settings of an emulator.
#[derive(Clone)]
pub struct Config {
    /// The description of the instance with all settings applied; `None` for that
    /// of the built-in instance.
    document: Option<Value>,
    /// The instance derived from the description.
    pub instance: Arc<Instance>,
    /// Warnings about the settings.
    warnings: Vec<String>,
    /// The secret that tokens and credentials are derived from.
    pub secret: Vec<u8>,
    /// The keys that sign the identity document.
    pub(crate) identity_keys: IdentityKeys,
    /// The bearer token for the control API.
    pub admin_token: Option<String>,
    /// The frozen time of the host's clock, if configured.
    pub frozen_time: Option<UnixMillis>,
    /// The fixed replacement for random bytes, if configured.
    pub frozen_entropy: Option<[u8; 32]>,
    /// Whether token requests with `X-Forwarded-For` are rejected, as on a real
    /// instance.
    pub reject_forwarded: bool,
    /// The name of the host, for `health`.
    pub host: String,
    /// The capacity of the journal in requests; 0 disables it.
    pub journal: usize,
    /// The number of client addresses that see notices; `None` for all.
    pub mock_ip_count: Option<usize>,
    /// Whether the host listens on loopback only, for hosts that do not report
    /// the peer address.
    pub loopback_only: bool,
    /// Further host names, in lowercase, that are answered when real credentials
    /// are served.
    pub allow_hosts: Vec<String>,
    /// The start-up timeline, unparsed.
    timeline: Option<SourcedValue>,
    /// The start of the emulator, if the host reports it.
    started: Option<UnixMillis>,
}

/// The default secret. It is public: tokens of such an emulator can be forged,
/// but give access to no real data.
pub(crate) const BUILT_IN_SECRET: &str = "imdsim built-in secret";

impl Config {
    /// Parses and validates all settings.
    pub fn new(settings: &Settings) -> Result<Self, Problem> {
        let place = settings.get("instance").map(|given| &*given.place);
        let (document, instance, warnings) = match apply_settings::description(settings)? {
            None => (None, instance::built_in(), Vec::new()),
            Some(Description {
                document, warnings, ..
            }) => {
                let instance = tree::read_instance(&document)
                    .map_err(|problem| problem.within(place.unwrap_or("the built-in instance")))?;
                (Some(document), instance, warnings)
            }
        };
        let warnings = warnings
            .into_iter()
            .map(|warning| format!("{}: {warning}", place.unwrap_or_default()))
            .collect();
        let text = |key| settings.get(key).map(string).transpose();
        let secret = text("secret")?.unwrap_or_else(|| BUILT_IN_SECRET.into());
        let config = Self {
            document,
            instance: Arc::new(instance),
            warnings,
            secret: secret.into_bytes(),
            identity_keys: identity_keys(settings)?,
            admin_token: admin_token(settings)?,
            frozen_time: time(settings, "frozen_time")?,
            frozen_entropy: text("frozen_entropy")?.map(|text| Sha256::digest(text).into()),
            reject_forwarded: choice(settings, "forwarded_for", ["reject", "ignore"])?
                .is_none_or(|chosen| chosen == 0),
            host: host(settings)?,
            journal: journal(settings)?,
            mock_ip_count: number(settings, "mock_ip_count", MAX_CLIENTS)?,
            loopback_only: truth(settings, "loopback_only")?,
            allow_hosts: allow_hosts(settings)?,
            timeline: settings.get("timeline").cloned(),
            started: time(settings, "started")?,
        };
        // An invalid change is rejected now, not when it comes due.
        let timeline = config.timeline(None)?;
        if config.timeline.is_some() {
            timeline
                .check(config.document())
                .map_err(|problem| problem.within(config.timeline_place()))?;
        }
        Ok(config)
    }

    /// The description of the instance with all settings applied. Control calls
    /// change it.
    pub fn document(&self) -> &Value {
        self.document
            .as_ref()
            .unwrap_or_else(|| &instance::BUILT_IN)
    }

    /// Warnings about the settings, one sentence each; `now` is the real time.
    pub fn warnings(&self, now: UnixMillis) -> Vec<String> {
        let mut warnings = self.warnings.clone();
        let profile = self.instance.profile.as_ref();
        if let Some(RoleCredentials::Real(keys)) = profile.map(|profile| &profile.grant)
            && let Some(expiration) = keys.expiration.filter(|end| *end <= now)
        {
            warnings.push(format!(
                "the credentials expired at {}, and AWS refuses them; get new ones",
                expiration.iso()
            ));
        }
        warnings
    }

    /// The emulated time when the host's clock shows `now`.
    pub(crate) fn emulated_time(&self, clock: Clock, now: UnixMillis) -> UnixMillis {
        clock.at(self.frozen_time.unwrap_or(now))
    }

    /// Replaces the host's time and random bytes by the frozen ones, and applies
    /// the clock's adjustment.
    pub(crate) fn emulated(&self, clock: Clock, context: RequestContext) -> RequestContext {
        RequestContext {
            now: self.emulated_time(clock, context.now),
            entropy: self.frozen_entropy.unwrap_or(context.entropy),
            ..context
        }
    }

    /// The start-up timeline. Delays count from the last reset, else from the
    /// start of the emulator, else from the launch of the instance.
    pub(crate) fn timeline(&self, reset: Option<UnixMillis>) -> Result<Timeline, Problem> {
        let Some(given) = &self.timeline else {
            return Ok(Timeline::default());
        };
        let start = reset.or(self.frozen_time).or(self.started);
        let start = start.unwrap_or(self.instance.launch_time);
        let timeline = given.read(|document| Timeline::read(document, start))?;
        Ok(timeline.at_revision(0))
    }

    /// The source of the start-up timeline.
    pub(crate) fn timeline_place(&self) -> &str {
        let given = self.timeline.as_ref();
        given.map_or("the timeline", |given| &given.place)
    }
}

/// Omits secrets, to keep them out of logs.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("instance", &self.instance.id)
            .finish_non_exhaustive()
    }
}

/// Parses pairs of keys and certificates in PEM.
fn identity_keys(settings: &Settings) -> Result<IdentityKeys, Problem> {
    let Some(given) = settings.get("identity_keys") else {
        return Ok(IdentityKeys::default());
    };
    IdentityKeys::read(&string(given)?).map_err(|problem| problem.within(&given.place))
}

fn admin_token(settings: &Settings) -> Result<Option<String>, Problem> {
    let Some(given) = settings.get("admin_token") else {
        return Ok(None);
    };
    let token = string(given)?;
    if token.is_empty() {
        return Err(Problem::new(
            &given.place,
            "an empty token would admit every client; use a secret, or omit the setting",
        ));
    }
    Ok(Some(token))
}

/// The configured name of the host, which a component cannot know otherwise.
fn host(settings: &Settings) -> Result<String, Problem> {
    let Some(given) = settings.get("host") else {
        return Ok("wasi".into());
    };
    let name = string(given)?;
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(plain) {
        Ok(name)
    } else {
        let remedy = "write what runs the emulator in small letters, as in wasmtime";
        Err(refusal(given, "the name of a host", remedy))
    }
}

fn time(settings: &Settings, key: &str) -> Result<Option<UnixMillis>, Problem> {
    let Some(given) = settings.get(key) else {
        return Ok(None);
    };
    let text = given.value.as_str().unwrap_or_default();
    let time = text.parse();
    time.map(Some)
        .map_err(|error: TimeError| Problem::new(&given.place, format!("{} {error}", given.value)))
}

/// Parses a number of requests, or `off`.
fn journal(settings: &Settings) -> Result<usize, Problem> {
    match settings.get("journal") {
        Some(given) if given.value == "off" => Ok(0),
        _ => Ok(number(settings, "journal", MAX_JOURNAL)?.unwrap_or(0)),
    }
}

fn number(settings: &Settings, key: &str, most: usize) -> Result<Option<usize>, Problem> {
    let Some(given) = settings.get(key) else {
        return Ok(None);
    };
    let number = parse(given, "a number", "write a whole number, as in 1000")?;
    if number > most {
        let remedy = format!("write {most} or less");
        return Err(refusal(given, "within the limits", &remedy));
    }
    Ok(Some(number))
}

/// Parses a comma-separated list of host names.
fn allow_hosts(settings: &Settings) -> Result<Vec<String>, Problem> {
    let Some(given) = settings.get("allow_hosts") else {
        return Ok(Vec::new());
    };
    let read = |name: &str| {
        host_header::read_name(name.trim()).ok_or_else(|| {
            let remedy = "write names without ports and commas between them, as in imds,10.0.0.7";
            refusal(given, "a list of host names", remedy)
        })
    };
    string(given)?.split(',').map(read).collect()
}

/// Parses a boolean; the default is `false`.
fn truth(settings: &Settings, key: &str) -> Result<bool, Problem> {
    let given = settings.get(key);
    let truth = given.map(|given| parse(given, "valid", "expected `true` or `false`"));
    Ok(truth.transpose()?.unwrap_or_default())
}

/// Parses one of two words into its index.
fn choice(settings: &Settings, key: &str, words: [&str; 2]) -> Result<Option<usize>, Problem> {
    let Some(given) = settings.get(key) else {
        return Ok(None);
    };
    let chosen = words
        .iter()
        .position(|word| given.value.as_str() == Some(word));
    let remedy = format!("expected `{}` or `{}`", words[0], words[1]);
    chosen
        .map(Some)
        .ok_or_else(|| refusal(given, "valid", &remedy))
}

/// Parses a string or a JSON value.
fn parse<T: FromStr>(given: &SourcedValue, what: &str, remedy: &str) -> Result<T, Problem> {
    let parsed = match &given.value {
        Value::String(text) => text.parse().ok(),
        other => other.to_string().parse().ok(),
    };
    parsed.ok_or_else(|| refusal(given, what, remedy))
}

fn string(given: &SourcedValue) -> Result<String, Problem> {
    let text = given.value.as_str().map(str::to_owned);
    text.ok_or_else(|| refusal(given, "a text", "put it in quotes"))
}

fn refusal(given: &SourcedValue, what: &str, remedy: &str) -> Problem {
    Problem::new(
        &given.place,
        format!("{} is not {what}; {remedy}", given.value),
    )
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::description::HttpTokens;

    #[track_caller]
    fn check(key: &str, text: &str, expected: &str) {
        let mut settings = Settings::default();
        settings.set("--flag", key, text).unwrap();
        let problem = Config::new(&settings).unwrap_err();
        assert_eq!(problem.to_string(), format!("--flag: {expected}"));
    }

    #[test]
    fn invalid_values_are_rejected_with_the_valid_ones() {
        check(
            "http_tokens",
            "maybe",
            "\"maybe\" is not valid; expected `optional` or `required`",
        );
        check(
            "http_put_response_hop_limit",
            "65",
            "65 is out of range; write a number from 1 to 64",
        );
        check(
            "frozen_time",
            "noon",
            "\"noon\" is not a time; write RFC 3339, as in 2026-01-01T00:00:00Z",
        );
        check(
            "frozen_time",
            "0999-12-31T23:59:59Z",
            "\"0999-12-31T23:59:59Z\" is outside of the years 1000 to 9999; \
             choose a time within them",
        );
        check(
            "host",
            "0.0.0.0",
            "\"0.0.0.0\" is not the name of a host; \
             write what runs the emulator in small letters, as in wasmtime",
        );
        check(
            "journal",
            "5001",
            "\"5001\" is not within the limits; write 5000 or less",
        );
        check(
            "loopback_only",
            "yes",
            "\"yes\" is not valid; expected `true` or `false`",
        );
        check(
            "allow_hosts",
            "imds:80",
            "\"imds:80\" is not a list of host names; \
             write names without ports and commas between them, as in imds,10.0.0.7",
        );
        check(
            "user_data",
            "#!/bin/sh",
            "this is not base64; write the output of `base64 -w 0 FILE`",
        );
    }

    #[test]
    fn user_data_above_ec2s_limit_is_rejected() {
        check(
            "user_data",
            &STANDARD.encode(vec![0; 16_385]),
            "user data has 16385 bytes and EC2 takes 16384; shorten it or let it fetch the rest",
        );
    }

    #[test]
    fn a_setting_wins_over_the_document() {
        let mut settings = Settings::parse(
            "c",
            r#"{"http_tokens": "optional", "http_put_response_hop_limit": 2,
                "instance": {"MetadataOptions": {"HttpTokens": "required"}}}"#,
        )
        .unwrap();
        settings
            .set(
                "--instance-metadata-tags",
                "instance_metadata_tags",
                "enabled",
            )
            .unwrap();
        let options = Config::new(&settings).unwrap().instance.options;
        assert_eq!(options.http_tokens, HttpTokens::Optional);
        assert_eq!(options.http_put_response_hop_limit, 2);
        assert!(options.instance_metadata_tags);
    }
}

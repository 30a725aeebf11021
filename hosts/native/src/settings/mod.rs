//! Settings in layers. Later ones take precedence: the program's defaults, a
//! document (`--config FILE`, or else `IMDSIM_CONFIG`), single environment
//! variables, the AWS mock's configuration, flags.
//!
//! The core defines the keys and validates the values.

mod flags;

use std::ffi::OsString;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imdsim::UnixMillis;
use jiff::Timestamp;
use serde_json::Value;

pub(crate) use self::flags::{InstanceFlags, SettingsFlags};

use crate::aemm;
use crate::captured_field::without_captured;
use crate::error::{Failure, say};
use crate::files::{Files, place};
use imdsim::constants::{DOCUMENT_VARIABLE, URL_VARIABLE, VARIABLE_PREFIX};

/// The default number of requests in the journal.
const JOURNAL: &str = "1000";

/// Combines the layers and validates the result.
pub(crate) fn gather(
    flags: &SettingsFlags,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Result<imdsim::Settings, Failure> {
    Sources::new(flags, environment)?.gather(&mut Files::default())
}

/// The sources of the settings at program start. Only the contents of files can
/// change later.
#[derive(Debug)]
pub(crate) struct Sources {
    flags: SettingsFlags,
    /// All environment variables, including those of the AWS mock.
    environment: Vec<(OsString, OsString)>,
    /// The name and the text of the document variable.
    document: Option<(String, String)>,
    /// The names, keys and texts of the other variables.
    variables: Vec<(String, &'static str, String)>,
    /// The start of the timeline's delays.
    started: Timestamp,
    /// The warnings about the last settings, which are not repeated.
    warnings: Mutex<Vec<String>>,
}

impl Sources {
    /// Selects this program's variables from the environment.
    pub(crate) fn new(
        flags: &SettingsFlags,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Failure> {
        let environment: Vec<_> = environment.collect();
        let mut document = None;
        let mut variables = Vec::new();
        for (name, text) in ours(&environment)? {
            if name == DOCUMENT_VARIABLE {
                document = Some((name, text));
            } else if let Some(key) = imdsim::key_of(&name) {
                variables.push((name, key, text));
            } else {
                let keys = imdsim::KEYS.iter().copied();
                let meant =
                    imdsim::nearest(&name[VARIABLE_PREFIX.len()..], keys).unwrap_or_default();
                let meant = meant.to_ascii_uppercase();
                say(format_args!(
                    "{name}: unknown setting, ignored; did you mean `{VARIABLE_PREFIX}{meant}`?"
                ));
            }
        }
        variables.sort();
        Ok(Self {
            flags: flags.clone(),
            environment,
            document,
            variables,
            started: Timestamp::now(),
            warnings: Mutex::default(),
        })
    }

    /// Combines the layers with the contents of the files and validates the
    /// result.
    pub(crate) fn gather(&self, files: &mut Files) -> Result<imdsim::Settings, Failure> {
        let mut settings = match (&self.flags.instance.config, &self.document) {
            (Some(path), _) => imdsim::Settings::parse(&place(path), &files.read_document(path)?)?,
            (None, Some((name, text))) => {
                refuse_file_name(name, text, "config")?;
                imdsim::Settings::parse(name, text)?
            }
            (None, None) => imdsim::Settings::default(),
        };
        settings.suggest("host", "native")?;
        settings.suggest("journal", JOURNAL)?;
        settings.suggest("started", &self.started.to_string())?;
        for (name, key, text) in &self.variables {
            refuse_file_name(name, text, key)?;
            settings.set(name, key, text)?;
        }
        apply(&self.flags, files, &mut settings)?;
        let own = aemm::OwnFlags {
            http_tokens: self.flags.http_tokens.as_deref(),
            has_user_data: self.flags.instance.user_data.is_some(),
        };
        let flags = &self.flags.aemm;
        // Applied last, but yields to imdsim's own flags.
        aemm::apply(flags, own, &self.environment, files, &mut settings)?;
        let config = imdsim::Config::new(&settings)?;
        self.warn(config.warnings(UnixMillis(Timestamp::now().as_millisecond())));
        Ok(settings)
    }

    /// Prints the warnings that the last settings did not have.
    fn warn(&self, warnings: Vec<String>) {
        let mut said = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        for warning in warnings.iter().filter(|warning| !said.contains(warning)) {
            say(warning);
        }
        *said = warnings;
    }
}

/// The environment variables of this program.
fn ours(environment: &[(OsString, OsString)]) -> Result<Vec<(String, String)>, Failure> {
    environment
        .iter()
        .filter_map(|(name, value)| Some((name.to_str()?, value)))
        .filter(|(name, _)| name.starts_with(VARIABLE_PREFIX) && *name != URL_VARIABLE)
        .map(|(name, value)| match value.to_str() {
            Some(text) => Ok((name.to_owned(), text.to_owned())),
            None => Err(Failure::new(
                name,
                "not UTF-8 text",
                "set it to text or unset it",
            )),
        })
        .collect()
}

/// Keys whose flag takes a JSON file and whose variable takes its content.
const OF_JSON_FILES: [&str; 5] = ["config", "credentials", "instance", "overrides", "timeline"];

/// Keys whose flag takes another kind of file, with the start of its content.
const OF_OTHER_FILES: [(&str, &str); 2] = [("identity_keys", "-----BEGIN"), ("user_data", "")];

/// The extensions of such files.
const ENDINGS: [&str; 5] = ["json", "pem", "txt", "yaml", "yml"];

/// Rejects a variable that holds a file name instead of the content.
fn refuse_file_name(variable: &str, text: &str, key: &str) -> Result<(), Failure> {
    let path = Path::new(text);
    let ending = path.extension().and_then(|ending| ending.to_str());
    let is_file = ending.is_some_and(|ending| ENDINGS.contains(&ending)) || path.is_file();
    let begins = |with: &[char]| text.trim_start().starts_with(with);
    let is_name = if OF_JSON_FILES.contains(&key) {
        // Text that resembles JSON gets a JSON error instead.
        !begins(&['{', '[', '"']) && serde_json::from_str::<Value>(text).is_err()
    } else {
        let mut others = OF_OTHER_FILES.iter();
        let other = others.find(|(other, _)| *other == key);
        is_file && other.is_some_and(|(_, start)| start.is_empty() || !text.starts_with(start))
    };
    if !is_name || text.trim().is_empty() || text.contains('\n') {
        return Ok(());
    }
    let flag = key.replace('_', "-");
    let reads = match key {
        "user_data" => "base64 -w 0",
        _ => "cat",
    };
    Err(Failure::new(
        variable,
        format_args!("{text:?} looks like a file name, but this variable takes the content"),
        format_args!("give the file by --{flag}, or set {variable}=\"$({reads} FILE)\""),
    ))
}

/// Applies the flags, which take precedence over everything else.
fn apply(
    flags: &SettingsFlags,
    files: &mut Files,
    settings: &mut imdsim::Settings,
) -> Result<(), Failure> {
    let instance = &flags.instance;
    for (key, path) in [
        ("credentials", &instance.credentials),
        ("instance", &instance.instance),
        ("overrides", &instance.overrides),
        ("timeline", &instance.timeline),
    ] {
        if let Some(path) = path {
            let text = files.read_document(path)?;
            let text = match key {
                "instance" => without_captured(&text),
                _ => text,
            };
            settings.set(&place(path), key, &text)?;
        }
    }
    if let Some(path) = &instance.user_data {
        let encoded = STANDARD.encode(files.read(path)?);
        settings.set(&place(path), "user_data", &encoded)?;
    }
    if let Some(path) = &instance.identity_keys {
        settings.set(&place(path), "identity_keys", &files.read_text(path)?)?;
    }
    if !flags.allow_host.is_empty() {
        let names = flags.allow_host.join(",");
        settings.set("--allow-host", "allow_hosts", &names)?;
    }
    for (flag, key, value) in [
        ("--http-tokens", "http_tokens", &flags.http_tokens),
        ("--http-endpoint", "http_endpoint", &flags.http_endpoint),
        (
            "--http-put-response-hop-limit",
            "http_put_response_hop_limit",
            &flags.http_put_response_hop_limit,
        ),
        (
            "--instance-metadata-tags",
            "instance_metadata_tags",
            &instance.instance_metadata_tags,
        ),
        ("--admin-token", "admin_token", &flags.admin_token),
        ("--secret", "secret", &instance.secret),
        ("--frozen-time", "frozen_time", &instance.frozen_time),
        ("--frozen-entropy", "frozen_entropy", &flags.frozen_entropy),
        ("--forwarded-for", "forwarded_for", &flags.forwarded_for),
        ("--journal", "journal", &flags.journal),
    ] {
        if let Some(text) = value {
            settings.set(flag, key, text)?;
        }
    }
    Ok(())
}

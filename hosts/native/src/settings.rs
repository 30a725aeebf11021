//! The layers of settings, later ones winning: a document (`--config FILE`, or
//! else `IMDSIM_CONFIG`), single environment variables, flags.
//!
//! What a key means, and whether a value is one, is the core's business.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::cli;
use crate::fail::{Failure, say};
use crate::mock;
use crate::remote::URL_VARIABLE;

/// The variable that holds a whole document. The component gets all settings
/// in it, and gets no other variable.
pub(crate) const DOCUMENT_VARIABLE: &str = "IMDSIM_CONFIG";

/// How the names of this program's variables begin.
const PREFIX: &str = "IMDSIM_";

/// Larger files are refused before they fill the memory.
const MAX_FILE_LEN: u64 = 16 * 1024 * 1024;

/// Puts the layers together and has the core check the result.
pub(crate) fn gather(
    flags: &cli::Settings,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Result<imdsim::Settings, Failure> {
    let environment: Vec<_> = environment.collect();
    let mut variables = ours(&environment)?;
    let document = variables
        .iter()
        .position(|(name, _)| name == DOCUMENT_VARIABLE)
        .map(|index| variables.swap_remove(index));
    let mut settings = match (&flags.config, document) {
        (Some(path), _) => imdsim::Settings::parse(&path.display().to_string(), &read_text(path)?)?,
        (None, Some((name, text))) => imdsim::Settings::parse(&name, &text)?,
        (None, None) => imdsim::Settings::default(),
    };
    settings.suggest("host", "native")?;
    settings.suggest("started", &Timestamp::now().to_string())?;
    variables.sort();
    for (name, text) in &variables {
        match imdsim::key_of(name) {
            Some(key) => settings.set(name, key, text)?,
            None => say(format_args!("{name}: there is no such setting; ignored")),
        }
    }
    apply(flags, &mut settings)?;
    mock::apply(flags, &environment, &mut settings)?;
    imdsim::Config::new(&settings)?;
    Ok(settings)
}

/// The variables meant for this program.
fn ours(environment: &[(OsString, OsString)]) -> Result<Vec<(String, String)>, Failure> {
    environment
        .iter()
        .filter_map(|(name, value)| Some((name.to_str()?, value)))
        .filter(|(name, _)| name.starts_with(PREFIX) && *name != URL_VARIABLE)
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

/// The flags, which win over everything else.
fn apply(flags: &cli::Settings, settings: &mut imdsim::Settings) -> Result<(), Failure> {
    for (key, path) in [
        ("credentials", &flags.credentials),
        ("instance", &flags.instance),
        ("overrides", &flags.overrides),
        ("timeline", &flags.timeline),
    ] {
        if let Some(path) = path {
            settings.set(&path.display().to_string(), key, &read_text(path)?)?;
        }
    }
    if let Some(path) = &flags.user_data {
        let encoded = STANDARD.encode(read(path)?);
        settings.set(&path.display().to_string(), "user_data", &encoded)?;
    }
    if let Some(path) = &flags.identity_keys {
        let place = path.display().to_string();
        settings.set(&place, "identity_keys", &read_text(path)?)?;
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
            &flags.instance_metadata_tags,
        ),
        ("--admin-token", "admin_token", &flags.admin_token),
        ("--secret", "secret", &flags.secret),
        ("--frozen-time", "frozen_time", &flags.frozen_time),
        ("--frozen-entropy", "frozen_entropy", &flags.frozen_entropy),
        ("--forwarded-for", "forwarded_for", &flags.forwarded_for),
    ] {
        if let Some(text) = value {
            settings.set(flag, key, text)?;
        }
    }
    Ok(())
}

/// Reads a file of text.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?)
        .map_err(|_| unreadable(path, "it is not UTF-8 text", "save it as UTF-8"))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_LEN + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, error, "give the name of a file that can be read"))?;
    if bytes.len() as u64 > MAX_FILE_LEN {
        return Err(unreadable(
            path,
            "it is larger than 16 MiB",
            "give a smaller file",
        ));
    }
    Ok(bytes)
}

fn unreadable(path: &Path, reason: impl Display, remedy: &str) -> Failure {
    let what = format!("this file cannot be used: {reason}");
    Failure::new(path.display(), what, remedy)
}

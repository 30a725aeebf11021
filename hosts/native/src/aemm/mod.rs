//! The flags and the configuration of the AWS mock (amazon-ec2-metadata-mock),
//! translated into imdsim's settings.
//!
//! Flags override variables (`AEMM_…`), and these override the configuration
//! file. The result overrides imdsim's own variables and documents, and is
//! overridden by its flags. Values that cannot be translated cause a warning.

mod flags;
mod instance;
mod keys;
mod layers;
mod paths;
mod save;
mod server;
mod timeline;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use imdsim::{Config, Settings};
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) use flags::{
    ConfigFile, Configuration, Delays, Events, Flags, Listening, Moment, Scenario, Spot, idle,
    variable_of,
};
use layers::Layers;
pub(crate) use server::server;

use crate::error::{Failure, say};
use crate::files::Files;

/// The mock's default configuration file in the home folder.
const FILE: &str = "aemm-config.json";

/// Environment variables.
pub(crate) type Variables = [(OsString, OsString)];

/// The flags of imdsim that take precedence over the mock's configuration.
#[derive(Clone, Copy)]
pub(crate) struct OwnFlags<'a> {
    /// The value of `--http-tokens`.
    pub(crate) http_tokens: Option<&'a str>,
    /// Whether `--user-data` was given.
    pub(crate) has_user_data: bool,
}

/// Applies the mock's configuration to the settings.
pub(crate) fn apply(
    flags: &Flags,
    own: OwnFlags<'_>,
    variables: &Variables,
    files: &mut Files,
    settings: &mut Settings,
) -> Result<(), Failure> {
    let mut layers = read(flags, variables, files)?;
    if layers.all().next().is_some() || flags.scenario.is_command() {
        translate(&mut layers, flags, own, settings)?;
    }
    for warning in layers.warnings {
        say(warning);
    }
    Ok(())
}

/// Returns the events that a command adds to a running emulator, whose clock
/// shows `now`. Only the command's own flags count.
pub(crate) fn events(flags: &Flags, now: Timestamp) -> Result<Vec<Value>, Failure> {
    let mut layers = Layers::default();
    layers.add_flags(flags.given());
    let events = timeline::events(&mut layers, &flags.scenario, now)?;
    for warning in layers.warnings {
        say(warning);
    }
    Ok(events)
}

/// The configuration file named by a flag or variable.
fn named_file(flags: &Flags, variables: &Variables) -> Option<PathBuf> {
    let named = flags.given().into_iter();
    let named = named.filter_map(|(_, key, file)| (key == "config-file").then_some(file.into()));
    let mut named = named.chain(variable(variables, "AEMM_CONFIG_FILE").map(PathBuf::from));
    named.find(|path| !path.as_os_str().is_empty())
}

/// The configuration file in the home folder, the default of the mock's
/// commands.
fn home_file(flags: &Flags, variables: &Variables) -> Option<PathBuf> {
    if !flags.scenario.is_command() || named_file(flags, variables).is_some() {
        return None;
    }
    let path = Path::new(variable(variables, "HOME")?).join(FILE);
    path.is_file().then_some(path)
}

/// Reads all layers.
fn read(flags: &Flags, variables: &Variables, files: &mut Files) -> Result<Layers, Failure> {
    let mut layers = Layers::default();
    let file = named_file(flags, variables).or_else(|| home_file(flags, variables));
    if let Some(path) = file {
        layers.add_file(&path.display().to_string(), &files.read_text(&path)?)?;
    }
    let texts = variables.iter();
    layers.add_variables(texts.filter_map(|(name, text)| Some((name.to_str()?, text.to_str()?))));
    layers.add_flags(flags.given());
    Ok(layers)
}

fn variable<'v>(variables: &'v Variables, name: &str) -> Option<&'v OsString> {
    let known = variables.iter().find(|(known, _)| known == name);
    known.map(|(_, value)| value)
}

/// Translates the layers into settings.
fn translate(
    layers: &mut Layers,
    flags: &Flags,
    own: OwnFlags<'_>,
    settings: &mut Settings,
) -> Result<(), Failure> {
    // Reports errors of imdsim's own settings at their own source first.
    Config::new(settings)?;
    let current: Value = serde_json::from_str(&settings.to_json()).unwrap_or_default();
    if layers.boolean("imdsv2")? {
        require_tokens(layers, own, settings)?;
    }
    if let Some(described) = instance::describe(layers, &description(&current)?)? {
        settings.set("metadata.values", "instance", &described.to_string())?;
    }
    if let Some(given) = layers.get("userdata.values.userdata").cloned() {
        if own.has_user_data {
            layers.warn(format_args!(
                "{}: --user-data wins over it; ignored",
                given.place
            ));
        } else {
            settings.set(&given.place, "user_data", &given.text())?;
        }
    }
    count_addresses(layers, settings)?;
    let start = start(&current).unwrap_or_else(Timestamp::now);
    let events = timeline::events(layers, &flags.scenario, start)?;
    if !events.is_empty() {
        let timeline = continued(&current["timeline"], &events);
        settings.set("the timeline", "timeline", &timeline.to_string())?;
    }
    Ok(())
}

fn require_tokens(
    layers: &mut Layers,
    own: OwnFlags<'_>,
    settings: &mut Settings,
) -> Result<(), Failure> {
    let Some(given) = layers.get("imdsv2").cloned() else {
        return Ok(());
    };
    match own.http_tokens {
        Some("optional") if given.is_flag => {
            let remedy = "use one of them";
            Err(Failure::new(
                "--imdsv2",
                "--http-tokens says optional",
                remedy,
            ))
        }
        Some(_) => {
            layers.warn(format_args!(
                "{}: --http-tokens wins over it; ignored",
                given.place
            ));
            Ok(())
        }
        None => Ok(settings.set(&given.place, "http_tokens", "required")?),
    }
}

/// Sets the number of client addresses that see events.
fn count_addresses(layers: &mut Layers, settings: &mut Settings) -> Result<(), Failure> {
    let Some(count) = layers.number("mock-ip-count")?.filter(|count| *count >= 0) else {
        return Ok(());
    };
    let place = layers.get("mock-ip-count").map(|given| given.place.clone());
    let place = place.unwrap_or_default();
    Ok(settings.set(&place, "mock_ip_count", &count.to_string())?)
}

/// Returns the description of the instance from the settings.
fn description(current: &Value) -> Result<Value, Failure> {
    let mut alone = Settings::default();
    match &current["instance"] {
        Value::Null => {}
        Value::String(text) => alone.set("instance", "instance", text)?,
        document => alone.set("instance", "instance", &document.to_string())?,
    }
    Ok(Config::new(&alone)?.document().clone())
}

/// The start of the emulated clock.
fn start(current: &Value) -> Option<Timestamp> {
    let mut texts = ["frozen_time", "started"].into_iter();
    texts.find_map(|key| current[key].as_str()?.parse().ok())
}

/// Appends events to a timeline.
fn continued(timeline: &Value, events: &[Value]) -> Value {
    let mut timeline = match timeline {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        document => document.clone(),
    };
    let list = match &mut timeline {
        Value::Object(fields) => fields.entry("events").or_insert_with(|| json!([])),
        list => list,
    };
    let known = list.as_array().into_iter().flatten();
    *list = known.chain(events).cloned().collect();
    timeline
}

//! The command line and the configuration of the mock that AWS publishes
//! (amazon-ec2-metadata-mock), translated into imdsim's settings.
//!
//! Flags win over variables (`AEMM_…`), these over the configuration file. The
//! result stands above imdsim's own variables and documents, and below its
//! flags. What cannot be taken over is named in a warning.

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

/// Where the mock looks for its configuration file below the home folder.
const FILE: &str = "aemm-config.json";

/// Environment variables, as the system has them.
pub(crate) type Variables = [(OsString, OsString)];

/// The flags of imdsim that take precedence over the mock's configuration.
#[derive(Clone, Copy)]
pub(crate) struct OwnFlags<'a> {
    /// The value of `--http-tokens`.
    pub(crate) http_tokens: Option<&'a str>,
    /// Whether `--user-data` was given.
    pub(crate) has_user_data: bool,
}

/// Writes what is said as for the mock into the settings.
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

/// The events that a command makes happen in an emulator that runs, whose clock
/// shows `now`. Only its own flags speak of it.
pub(crate) fn events(flags: &Flags, now: Timestamp) -> Result<Vec<Value>, Failure> {
    let mut layers = Layers::default();
    layers.add_flags(flags.given());
    let events = timeline::events(&mut layers, &flags.scenario, now)?;
    for warning in layers.warnings {
        say(warning);
    }
    Ok(events)
}

/// The configuration file that is named.
fn named_file(flags: &Flags, variables: &Variables) -> Option<PathBuf> {
    let named = flags.given().into_iter();
    let named = named.filter_map(|(_, key, file)| (key == "config-file").then_some(file.into()));
    let mut named = named.chain(variable(variables, "AEMM_CONFIG_FILE").map(PathBuf::from));
    named.find(|path| !path.as_os_str().is_empty())
}

/// The one in the home folder, which counts with a command of the mock where
/// none is named.
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

/// Says in imdsim's settings what the layers say.
fn translate(
    layers: &mut Layers,
    flags: &Flags,
    own: OwnFlags<'_>,
    settings: &mut Settings,
) -> Result<(), Failure> {
    // What people wrote is refused where they wrote it.
    Config::new(settings)?;
    let said: Value = serde_json::from_str(&settings.to_json()).unwrap_or_default();
    if layers.truth("imdsv2")? {
        require_tokens(layers, own, settings)?;
    }
    if let Some(described) = instance::describe(layers, &description(&said)?)? {
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
    let start = start(&said).unwrap_or_else(Timestamp::now);
    let events = timeline::events(layers, &flags.scenario, start)?;
    if !events.is_empty() {
        let timeline = continued(&said["timeline"], &events);
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

/// How many client addresses are shown what happens.
fn count_addresses(layers: &mut Layers, settings: &mut Settings) -> Result<(), Failure> {
    let Some(count) = layers.number("mock-ip-count")?.filter(|count| *count >= 0) else {
        return Ok(());
    };
    let place = layers.get("mock-ip-count").map(|given| given.place.clone());
    let place = place.unwrap_or_default();
    Ok(settings.set(&place, "mock_ip_count", &count.to_string())?)
}

/// The description of the instance without the other settings.
fn description(said: &Value) -> Result<Value, Failure> {
    let mut alone = Settings::default();
    match &said["instance"] {
        Value::Null => {}
        Value::String(text) => alone.set("instance", "instance", text)?,
        document => alone.set("instance", "instance", &document.to_string())?,
    }
    Ok(Config::new(&alone)?.document)
}

/// When the emulator starts, by its own clock.
fn start(said: &Value) -> Option<Timestamp> {
    let mut texts = ["frozen_time", "started"].into_iter();
    texts.find_map(|key| said[key].as_str()?.parse().ok())
}

/// The timeline, with more events.
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

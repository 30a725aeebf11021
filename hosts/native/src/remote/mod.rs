//! Controls a running emulator through its control API.

mod client;
mod flags;
mod show;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::aemm;
use crate::error::{Failure, say};
use client::{Client, encode};
pub(crate) use flags::{ControlCommand, Emulator, EventsCommand};
use flags::{FaultCommand, FaultFlags, RequestsFlags};
use imdsim::constants::{ADMIN_TOKEN_VARIABLE, DEFAULT_ADDRESS, URL_VARIABLE};

const URL_FLAG: &str = "--url";

/// Runs a command on an emulator and prints its result.
pub(crate) fn control(emulator: &Emulator, command: &ControlCommand) -> Result<(), Failure> {
    let named = named(emulator.url.as_deref());
    let (place, url) = named.unwrap_or_else(|| (URL_FLAG, format!("http://{DEFAULT_ADDRESS}")));
    let token = emulator.admin_token.clone();
    let client = Client::new(
        place,
        &url,
        token.or_else(|| variable(ADMIN_TOKEN_VARIABLE)),
    )?;
    match command {
        ControlCommand::AddEvents(flags) => add_events(&client, flags),
        ControlCommand::Events(call) => events(&client, call),
        ControlCommand::Freeze { time } => {
            let time = match time {
                Some(text) => utc("freeze", text)?,
                None => now(&client)?,
            };
            client.put("clock", &json!({ "freeze": time }))?;
            show_clock(&client)
        }
        ControlCommand::Shift { by, offset } => {
            let change = match (by, offset) {
                (Some(by), _) => json!({ "shift": by }),
                (None, offset) => json!({ "offset": offset }),
            };
            client.put("clock", &change)?;
            show_clock(&client)
        }
        ControlCommand::Release => {
            client.delete("clock")?;
            show_clock(&client)
        }
        ControlCommand::Requests(flags) => requests(&client, flags),
        ControlCommand::Fault(flags) => fault(&client, flags),
        ControlCommand::Reset => client.post("reset", &Value::Null).map(|_| ()),
    }
}

/// The URL of the emulator from the flag or the variable, with its source.
pub(crate) fn named(flag: Option<&str>) -> Option<(&'static str, String)> {
    let flag = flag.map(|url| (URL_FLAG, url.to_owned()));
    flag.or_else(|| Some((URL_VARIABLE, variable(URL_VARIABLE)?)))
}

/// The value of a variable, if it is not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// Adds events and prints a line for each.
fn add_events(client: &Client, flags: &aemm::Flags) -> Result<(), Failure> {
    let now = now(client)?;
    let time: Timestamp = now.parse().map_err(|_| {
        let message = format!("{now:?} is not a time; check that --url names an imdsim emulator");
        Failure::refused(&message)
    })?;
    for event in aemm::events(flags, time)? {
        let made = client.post("events", &event)?;
        let id = made["id"].as_str().unwrap_or_default();
        let event = client.get(&format!("events/{}", encode(id)))?;
        show::print(&show::event(&event));
    }
    Ok(())
}

fn events(client: &Client, call: &EventsCommand) -> Result<(), Failure> {
    match call {
        EventsCommand::List { json } => {
            let all = client.get("events")?;
            show::list(&all, "events", *json, show::event);
            Ok(())
        }
        EventsCommand::Cancel { ids } => delete(client, "events", ids),
    }
}

fn fault(client: &Client, flags: &FaultFlags) -> Result<(), Failure> {
    match (&flags.call, &flags.name) {
        (Some(FaultCommand::List { json }), _) => {
            let mut all = client.get("faults")?;
            let presets = client.get("faults/presets")?;
            all["presets"] = presets["presets"].clone();
            if *json {
                show::print(&format!("{all:#}"));
            } else {
                show::faults(&all);
            }
            Ok(())
        }
        (Some(FaultCommand::Clear { ids }), _) => delete(client, "faults", ids),
        (None, Some(name)) => client
            .send("PUT", &format!("faults/{}", encode(name)), None)
            .map(|_| ()),
        (None, None) => Err(Failure::new(
            "imdsim fault",
            "NAME is missing",
            "use the name of a fault that `imdsim fault list` shows",
        )),
    }
}

/// Deletes events or faults by id, or all of them if no id is given. An unknown
/// id deletes nothing.
fn delete(client: &Client, what: &str, ids: &[String]) -> Result<(), Failure> {
    if ids.is_empty() {
        client.delete(what)?;
        return Ok(());
    }
    let known = client.get(what)?;
    let known: Vec<&str> = known[what]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["id"].as_str())
        .collect();
    if let Some(unknown) = ids.iter().find(|id| !known.contains(&id.as_str())) {
        let (one, command) = match what {
            "events" => ("event", "imdsim events list"),
            _ => ("fault", "imdsim fault list"),
        };
        return Err(Failure::refused(&format!(
            "{unknown}: there is no {one} of this id; `{command}` shows all"
        )));
    }
    for id in ids {
        client.delete(&format!("{what}/{}", encode(id)))?;
    }
    Ok(())
}

fn requests(client: &Client, flags: &RequestsFlags) -> Result<(), Failure> {
    if flags.clear {
        return client.delete("requests").map(|_| ());
    }
    let since = flags.since.as_deref();
    let since = since.map(|text| utc("--since", text)).transpose()?;
    let query: Vec<_> = [
        ("path", &flags.path),
        ("method", &flags.method),
        ("version", &flags.version),
        ("status", &flags.status),
        ("since", &since),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!("{name}={}", encode(value.as_deref()?))))
    .collect();
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{}", query.join("&"))
    };
    let is_empty = if flags.count {
        let count = client.get(&format!("requests/count{query}"))?;
        show::print(&count["count"].to_string());
        count["count"] == 0
    } else {
        let all = client.get(&format!("requests{query}"))?;
        show::list(&all, "requests", flags.json, show::request);
        all["requests"].as_array().is_some_and(Vec::is_empty)
    };
    if let Some(pattern) = &flags.path
        && is_empty
        && is_part_of_path(pattern)
    {
        say(format_args!(
            "--path: {pattern:?} is compared with whole paths; for what ends in it write \
             \"**/{pattern}\", or a whole path, as in \"/latest/meta-data/{pattern}\""
        ));
    }
    Ok(())
}

/// Whether a pattern can match only part of a path.
fn is_part_of_path(pattern: &str) -> bool {
    !pattern.starts_with(['/', '*'])
}

/// Prints the emulator's time.
fn show_clock(client: &Client) -> Result<(), Failure> {
    show::print(&now(client)?);
    Ok(())
}

/// Returns the emulator's time.
fn now(client: &Client) -> Result<String, Failure> {
    let clock = client.get("clock")?;
    Ok(clock["now"].as_str().unwrap_or_default().to_owned())
}

/// Converts a time to UTC.
fn utc(place: &str, text: &str) -> Result<String, Failure> {
    let time: Timestamp = text.parse().map_err(|_| {
        let remedy = "write RFC 3339, as in 2026-01-01T00:00:00Z";
        Failure::new(place, format_args!("{text:?} is not a time"), remedy)
    })?;
    Ok(time.to_string())
}

//! Telling things to an emulator that runs, by its control API.

mod client;
mod show;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::{Emulator, EventsCall, FaultCall, Requests, Verb};
use crate::fail::Failure;
use crate::mock;
use client::{Client, encode};
pub(crate) use client::{address, agent};

/// The variable that names the emulator for commands that start none.
pub(crate) const URL_VARIABLE: &str = "IMDSIM_URL";

/// Where an emulator listens when it is not told.
const DEFAULT_URL: &str = "http://127.0.0.1:4719";

const TOKEN_VARIABLE: &str = "IMDSIM_ADMIN_TOKEN";

/// Tells an emulator something, and prints what it says.
pub(crate) fn tell(emulator: &Emulator, verb: &Verb) -> Result<(), Failure> {
    let variable = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
    let flag = emulator.url.clone().map(|url| ("--url", url));
    let url = flag.or_else(|| Some((URL_VARIABLE, variable(URL_VARIABLE)?)));
    let (place, url) = url.unwrap_or_else(|| ("--url", DEFAULT_URL.to_owned()));
    let token = emulator.admin_token.clone();
    let client = Client::new(place, &url, token.or_else(|| variable(TOKEN_VARIABLE)))?;
    match verb {
        Verb::Make(flags) => make(&client, flags),
        Verb::Events(call) => events(&client, call),
        Verb::Freeze { time } => {
            let time = match time {
                Some(text) => utc("freeze", text)?,
                None => now(&client)?,
            };
            client.put("clock", &json!({ "freeze": time }))?;
            show_clock(&client)
        }
        Verb::Shift { by, offset } => {
            let change = match (by, offset) {
                (Some(by), _) => json!({ "shift": by }),
                (None, offset) => json!({ "offset": offset }),
            };
            client.put("clock", &change)?;
            show_clock(&client)
        }
        Verb::Release => {
            client.delete("clock")?;
            show_clock(&client)
        }
        Verb::Requests(asked) => requests(&client, asked),
        Verb::Fault { call } => fault(&client, call),
        Verb::Reset => client.post("reset", &Value::Null).map(|_| ()),
    }
}

/// Makes events, and prints a line for each.
fn make(client: &Client, flags: &mock::Flags) -> Result<(), Failure> {
    let now = now(client)?;
    let time: Timestamp = now.parse().map_err(|_| {
        let complaint = format!("{now:?} is not a time; give the address of imdsim");
        Failure::refused(&complaint)
    })?;
    for event in mock::events(flags, time)? {
        let made = client.post("events", &event)?;
        let id = made["id"].as_str().unwrap_or_default();
        let event = client.get(&format!("events/{}", encode(id)))?;
        show::print(&show::event(&event));
    }
    Ok(())
}

fn events(client: &Client, call: &EventsCall) -> Result<(), Failure> {
    match call {
        EventsCall::List { json } => {
            let all = client.get("events")?;
            show::list(&all, "events", *json, show::event);
            Ok(())
        }
        EventsCall::Cancel { ids } => delete(client, "events", ids),
    }
}

fn fault(client: &Client, call: &FaultCall) -> Result<(), Failure> {
    match call {
        FaultCall::List { json } => {
            let mut all = client.get("faults")?;
            let presets = client.get("faults/presets")?;
            all["presets"] = presets["presets"].clone();
            show::list(&all, "faults", *json, show::fault);
            if !json {
                show::list(&all, "presets", false, show::preset);
            }
            Ok(())
        }
        FaultCall::Clear { ids } => delete(client, "faults", ids),
        FaultCall::Named(words) => match &words[..] {
            [name] => client
                .send("PUT", &format!("faults/{}", encode(name)), None)
                .map(|_| ()),
            _ => Err(Failure::new(
                "fault",
                "it takes one name",
                "give one of those that `imdsim fault list` shows",
            )),
        },
    }
}

/// Deletes things by their ids; all of them where none is given.
fn delete(client: &Client, what: &str, ids: &[String]) -> Result<(), Failure> {
    if ids.is_empty() {
        client.delete(what)?;
    }
    for id in ids {
        client.delete(&format!("{what}/{}", encode(id)))?;
    }
    Ok(())
}

fn requests(client: &Client, asked: &Requests) -> Result<(), Failure> {
    if asked.clear {
        return client.delete("requests").map(|_| ());
    }
    let since = asked.since.as_deref();
    let since = since.map(|text| utc("--since", text)).transpose()?;
    let query: Vec<_> = [
        ("path", &asked.path),
        ("method", &asked.method),
        ("version", &asked.version),
        ("status", &asked.status),
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
    if asked.count {
        let count = client.get(&format!("requests/count{query}"))?;
        show::print(&count["count"].to_string());
    } else {
        let all = client.get(&format!("requests{query}"))?;
        show::list(&all, "requests", asked.json, show::request);
    }
    Ok(())
}

/// Prints the time of the emulator.
fn show_clock(client: &Client) -> Result<(), Failure> {
    show::print(&now(client)?);
    Ok(())
}

/// The time of the emulator.
fn now(client: &Client) -> Result<String, Failure> {
    let clock = client.get("clock")?;
    Ok(clock["now"].as_str().unwrap_or_default().to_owned())
}

/// A time as the emulator takes it.
fn utc(place: &str, text: &str) -> Result<String, Failure> {
    let time: Timestamp = text.parse().map_err(|_| {
        let remedy = "write RFC 3339, as in 2026-01-01T00:00:00Z";
        Failure::new(place, format_args!("{text:?} is not a time"), remedy)
    })?;
    Ok(time.to_string())
}

//! The control API's `events` resources.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::call::{Call, CallResult};
use super::problem::Refusal;
use super::resources::is_read;
use crate::simulation::{Event, Timeline};

/// `events`: all events except faults. POST adds one, DELETE cancels all, and PUT
/// replaces them by a timeline, whose faults are added to the existing ones.
pub(super) fn events(call: Call<'_>) -> CallResult {
    let now = call.context.now;
    let timeline = &call.resolved.timeline;
    if is_read(call) {
        let events: Vec<_> = timeline.events().map(|event| show(call, event)).collect();
        return call.json(&json!({ "events": events }));
    }
    match *call.request.method() {
        Method::POST => {
            let body = call.object(EXAMPLE)?;
            call.add_event(timeline.read_another(&body, now)?)
        }
        Method::PUT => {
            let events = Timeline::read(&call.document()?, now)?;
            call.replace_timeline(call.merge_events(timeline.without_all(false), events))
        }
        _ => call.replace_timeline(timeline.without_all(false)),
    }
}

/// `events/<id>`: an event; DELETE cancels it.
pub(super) fn event(call: Call<'_>, id: &str) -> CallResult {
    let timeline = &call.resolved.timeline;
    let event = timeline.find(id, false).ok_or_else(|| {
        let detail = "no event has this id; GET /_imdsim/events lists all";
        Refusal::new(StatusCode::NOT_FOUND, detail)
    })?;
    if is_read(call) {
        return call.json(&show(call, event));
    }
    call.replace_timeline(timeline.without(id, false))
}

const EXAMPLE: &str = r#"{"type": "spot-interruption", "in": "30s"}"#;

/// The JSON form of an event, including whether it is due.
pub(super) fn show(call: Call<'_>, event: &Event) -> Value {
    let mut document = event.to_json();
    document["due"] = (event.at <= call.context.now).into();
    document
}

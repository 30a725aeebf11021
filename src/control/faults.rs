//! The control API's `faults` resources.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::call::{Call, CallResult};
use super::events::show;
use super::problem::Refusal;
use super::resources::is_read;
use crate::problem::Problem;
use crate::simulation::{Event, PRESETS, Preset, Timeline};

/// `faults`: all faults. PUT replaces them, DELETE removes them.
pub(super) fn faults(call: Call<'_>) -> CallResult {
    let timeline = &call.resolved.timeline;
    if is_read(call) {
        let faults: Vec<_> = timeline.faults().map(|event| show(call, event)).collect();
        return call.json(&json!({ "faults": faults }));
    }
    let others = timeline.without_all(true);
    if call.request.method() != Method::PUT {
        return call.replace_timeline(others);
    }
    let document = call.document()?;
    let list = match &document {
        Value::Object(fields) => fields.get("faults").unwrap_or(&document),
        list => list,
    };
    let one = std::slice::from_ref(list);
    let list = list
        .as_array()
        .map_or(one, Vec::as_slice)
        .iter()
        .enumerate();
    let list = list.map(|(index, fault)| {
        as_event(fault).map_err(|problem| problem.inside(&format!("faults[{index}]")))
    });
    let list = list.collect::<Result<Vec<_>, _>>()?;
    let faults = Timeline::read_list(&list, call.context.now, "faults")?;
    call.replace_timeline(call.merge_events(others, faults))
}

/// `faults/<id>`: a fault. PUT adds or replaces it, without a body by the preset of
/// that name; DELETE removes it.
pub(super) fn fault(call: Call<'_>, id: &str) -> CallResult {
    if call.request.method() == Method::PUT {
        let document = match &**call.request.body() {
            [] => id.into(),
            _ => call.document()?,
        };
        let mut document = as_event(&document)?;
        if let Value::Object(fields) = &mut document {
            let said = fields.insert("id".into(), id.into());
            if said.is_some_and(|said| said != id) {
                let message = "it differs from the id in the path; use the same id, or omit it";
                return Err(Problem::new("id", message).into());
            }
        }
        return call.add_event(Event::read(&document, call.context.now, id)?);
    }
    let timeline = &call.resolved.timeline;
    let event = timeline.find(id, true).ok_or_else(|| {
        let detail = "unknown fault; GET /_imdsim/faults lists all, and \
                      GET /_imdsim/faults/presets those there are by name";
        Refusal::new(StatusCode::NOT_FOUND, detail)
    })?;
    if is_read(call) {
        return call.json(&show(call, event));
    }
    call.replace_timeline(timeline.without(id, true))
}

/// `faults/presets`: the presets.
pub(super) fn presets(call: Call<'_>) -> CallResult {
    let presets = PRESETS.iter().map(Preset::show);
    let presets = presets.collect::<Result<Vec<_>, _>>()?;
    call.json(&json!({ "presets": presets }))
}

/// Converts a fault's document into an event's. A string names a preset.
fn as_event(document: &Value) -> Result<Value, Problem> {
    let mut event = match document {
        Value::String(preset) => json!({ "preset": preset }),
        other => other.clone(),
    };
    if let Value::Object(fields) = &mut event {
        let kind = fields.entry("type").or_insert_with(|| "fault".into());
        if *kind != "fault" {
            let remedy = "POST it to /_imdsim/events, or leave the type out";
            return Err(Problem::new(
                "type",
                format!("this is not a fault; {remedy}"),
            ));
        }
    }
    Ok(event)
}

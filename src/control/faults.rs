//! What is made to go wrong.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::events::show;
use super::problem::Refusal;
use super::resources::is_read;
use crate::problem::Problem;
use crate::simulation::{Event, PRESETS, Preset};

/// `faults`: all of them. PUT puts a list in their place, DELETE ends all.
pub(super) fn faults(call: Call<'_>) -> Answer {
    let story = &call.world.story;
    if is_read(call) {
        let faults: Vec<_> = story.events(true).map(|event| show(call, event)).collect();
        return call.json(&json!({ "faults": faults }));
    }
    let mut story = story.without_all(true);
    if call.request.method() == Method::PUT {
        let document = call.document()?;
        let list = match &document {
            Value::Object(fields) => fields.get("faults").unwrap_or(&document),
            list => list,
        };
        let one = std::slice::from_ref(list);
        let list = list.as_array().map_or(one, Vec::as_slice);
        for (index, fault) in list.iter().enumerate() {
            let place = format!("faults[{index}]");
            let event = read(call, fault, &story.new_id());
            let event = event.map_err(|problem| problem.inside(&place))?;
            story.put(event.at_revision(call.world.state.revision + 1));
        }
    }
    call.tell(story)
}

/// `faults/<id>`: one of them. PUT puts one there, without a body the
/// ready-made one of that name; DELETE ends it.
pub(super) fn fault(call: Call<'_>, id: &str) -> Answer {
    if call.request.method() == Method::PUT {
        let mut document = match &**call.request.body() {
            [] => id.into(),
            _ => call.document()?,
        };
        if let Value::Object(fields) = &mut document {
            fields.insert("id".into(), id.into());
        }
        return call.happen(read(call, &document, id)?);
    }
    let story = &call.world.story;
    let event = story.find(id, true).ok_or_else(|| {
        let detail = "there is no such fault; GET /_imdsim/faults lists all, and \
                      GET /_imdsim/faults/presets those there are by name";
        Refusal::new(StatusCode::NOT_FOUND, detail)
    })?;
    if is_read(call) {
        return call.json(&show(call, event));
    }
    call.tell(story.without(id))
}

/// `faults/presets`: the ready-made ones.
pub(super) fn presets(call: Call<'_>) -> Answer {
    let presets = PRESETS.iter().map(Preset::show);
    let presets = presets.collect::<Result<Vec<_>, _>>()?;
    call.json(&json!({ "presets": presets }))
}

/// Reads a fault, which a text names one of the ready-made.
fn read(call: Call<'_>, document: &Value, id: &str) -> Result<Event, Problem> {
    let mut event = match document {
        Value::String(preset) => json!({ "preset": preset }),
        other => other.clone(),
    };
    if let Value::Object(fields) = &mut event {
        fields.entry("type").or_insert_with(|| "fault".into());
        // What GET shows can be PUT.
        fields.remove("due");
        if fields["type"] != "fault" {
            let remedy = "POST it to /_imdsim/events, or leave the type out";
            return Err(Problem::new("type", format!("this is no fault; {remedy}")));
        }
    }
    Event::read(&event, call.ambient.now, id)
}

//! What is made to happen, and when.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::problem::Refusal;
use super::resources::is_read;
use crate::simulation::{Event, Story};
use crate::state::State;

/// `events`: all of them. POST adds one, PUT puts a list in their place, and
/// DELETE cancels all.
pub(super) fn events(call: Call<'_>) -> Answer {
    let now = call.ambient.now;
    let story = &call.world.story;
    if is_read(call) {
        let events: Vec<_> = story.events().map(|event| show(call, event)).collect();
        return call.json(&json!({ "events": events }));
    }
    match *call.request.method() {
        Method::POST => {
            let body = call.object(EXAMPLE)?;
            let mut story = story.clone();
            let event = Event::read(&body, now, &story.new_id())?;
            let id = event.id.clone();
            story.put(event);
            call.simulate_as(&id, told(call, story))
        }
        Method::PUT => call.simulate(told(call, Story::read(&call.document()?, now)?)),
        _ => call.simulate(told(call, Story::default())),
    }
}

/// `events/<id>`: one of them; DELETE cancels it.
pub(super) fn event(call: Call<'_>, id: &str) -> Answer {
    let story = &call.world.story;
    let event = story.find(id).ok_or_else(|| {
        let detail = "there is no such event; GET /_imdsim/events lists all";
        Refusal::new(StatusCode::NOT_FOUND, detail)
    })?;
    if is_read(call) {
        return call.json(&show(call, event));
    }
    call.simulate(told(call, story.without(id)))
}

const EXAMPLE: &str = r#"{"type": "spot-interruption", "in": "30s"}"#;

/// The state in which another story is told.
fn told(call: Call<'_>, story: Story) -> State {
    State {
        story: Some(story),
        ..call.world.state.clone()
    }
}

/// An event, and whether it shows yet.
fn show(call: Call<'_>, event: &Event) -> Value {
    let mut document = event.to_json();
    document["due"] = (event.at <= call.ambient.now).into();
    document
}

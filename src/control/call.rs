//! A control call: parsing its request, and building responses and state changes.

use http::header::{CONTENT_TYPE, ETAG, IF_MATCH};
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::problem::Refusal;
use crate::journal::Journal;
use crate::json_limits;
use crate::limits::MAX_STATE_LEN;
use crate::merge;
use crate::outcome::{Outcome, Swap};
use crate::problem::Problem;
use crate::request_context::RequestContext;
use crate::resolved_instance::ResolvedInstance;
use crate::response::MetadataResponse;
use crate::settings::read_json;
use crate::simulation::{Event, Timeline};
use crate::state::State;
use crate::store::STATE_KEY;
use crate::time::UnixMillis;

/// The context of a control call.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) resolved: &'a ResolvedInstance,
    pub(super) context: RequestContext,
    /// The context without the emulated clock's adjustment; a frozen time applies.
    pub(super) host_context: RequestContext,
    pub(super) request: &'a Request<Vec<u8>>,
    pub(super) journal: &'a Journal,
}

/// The result of a control call.
pub(super) type CallResult = Result<Outcome, Refusal>;

impl Call<'_> {
    /// Parses the body as JSON.
    pub(super) fn document(&self) -> Result<Value, Refusal> {
        const PLACE: &str = "the body";
        let text = self.text()?;
        json_limits::check_values(text).map_err(|message| Problem::new(PLACE, message))?;
        Ok(read_json(PLACE, text)?)
    }

    /// Parses the body as a JSON object; `example` is for the error message.
    pub(super) fn object(&self, example: &str) -> Result<Value, Refusal> {
        let body = self.document()?;
        if !body.is_object() {
            let detail = format!("the body is not a JSON object; send one, for example {example}");
            return Err(Refusal::new(StatusCode::BAD_REQUEST, detail));
        }
        Ok(body)
    }

    /// Returns the body as text.
    pub(super) fn text(&self) -> Result<&str, Refusal> {
        std::str::from_utf8(self.request.body()).map_err(|_| {
            let detail = "the body is not UTF-8 text; send text";
            Refusal::new(StatusCode::BAD_REQUEST, detail)
        })
    }

    /// Changes the description of the instance; rejects an invalid result.
    pub(super) fn patch_description(&self, change: impl FnOnce(&mut Value)) -> CallResult {
        // The shown description includes the notices of events, which remain events,
        // so only differences from it are stored.
        let shown = self.resolved.document(self.context.now);
        let mut changed = shown.clone();
        change(&mut changed);
        if changed == shown {
            return self.store_unchecked(self.resolved.state.clone());
        }
        let (mut document, state) = self.resolved.fold_due_changes(self.context.now);
        merge::apply(&mut document, &merge::between(&shown, &changed));
        self.store_checked(State {
            instance: merge::between(self.resolved.config.document(), &document),
            ..state
        })
    }

    /// Adds an event, replacing one with the same id.
    pub(super) fn add_event(&self, event: Event) -> CallResult {
        let id = event.id.clone();
        let timeline = self.merge_events(self.resolved.timeline.clone(), event.into());
        let next = self.prepare(self.with_timeline(timeline))?;
        self.resolved.check(&next.state)?;
        let body = json!({ "status": "ok", "revision": next.state.revision, "id": id });
        Ok(next.outcome(&body, self.context.now))
    }

    /// Adds or replaces events in `kept`, as of the next revision.
    pub(super) fn merge_events(&self, kept: Timeline, events: Timeline) -> Timeline {
        let timeline = &self.resolved.timeline;
        timeline.merge_events(kept, events, self.next_revision())
    }

    /// Replaces the timeline.
    pub(super) fn replace_timeline(&self, timeline: Timeline) -> CallResult {
        self.store_checked(self.with_timeline(timeline))
    }

    fn with_timeline(&self, timeline: Timeline) -> State {
        State {
            timeline: Some(timeline),
            ..self.resolved.state.clone()
        }
    }

    /// Stores a state that is valid at every moment its events define.
    pub(super) fn store_checked(&self, state: State) -> CallResult {
        let next = self.prepare(state)?;
        self.resolved.check(&next.state)?;
        Ok(next.into_confirmation(self.context.now))
    }

    /// Stores a state without validation, for states whose description is unchanged
    /// or the start-up one.
    pub(super) fn store_unchecked(&self, state: State) -> CallResult {
        Ok(self.prepare(state)?.into_confirmation(self.context.now))
    }

    /// Prepares a state, unless `If-Match` names another revision.
    fn prepare(&self, state: State) -> Result<PendingState, Refusal> {
        check_if_match(self.request, self.resolved.state.revision)?;
        PendingState::new(&State {
            revision: self.next_revision(),
            ..state
        })
    }

    /// The revision after a change.
    pub(super) fn next_revision(&self) -> u64 {
        self.resolved.state.revision.saturating_add(1)
    }

    /// A JSON response.
    pub(super) fn json(&self, body: &Value) -> CallResult {
        self.respond(JSON, body.to_string().into())
    }

    /// A response with this body.
    #[allow(
        clippy::unnecessary_wraps,
        reason = "calls end in an answer or a refusal"
    )]
    pub(super) fn respond(&self, media_type: &'static str, body: Vec<u8>) -> CallResult {
        let revision = self.resolved.state.revision;
        let response = tagged(media_type, body, revision, self.context.now);
        Ok(Outcome::reply(response))
    }
}

/// The response body after a change.
pub(super) fn confirmation(state: &State) -> Value {
    json!({ "status": "ok", "revision": state.revision })
}

/// A state ready to be stored.
pub(super) struct PendingState {
    /// The state as parsed from `document`.
    state: State,
    document: Vec<u8>,
}

impl PendingState {
    /// Rejects a state whose document is too long or cannot be parsed, which
    /// would fail every later request.
    pub(super) fn new(state: &State) -> Result<Self, Refusal> {
        let document = state.to_bytes();
        if document.len() > MAX_STATE_LEN {
            let detail = format!(
                "the state would be {} bytes long and may be {MAX_STATE_LEN}; store less",
                document.len()
            );
            return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        let text = String::from_utf8_lossy(&document);
        json_limits::check_depth(&text)
            .and_then(|()| json_limits::check_values(&text))
            .map_err(|message| Problem::new("the state with this change", message))?;
        let state = State::read(Some(&document)).map_err(|problem| {
            let detail = format!("the change cannot be stored: {problem}; send a simpler one");
            Refusal::new(StatusCode::BAD_REQUEST, detail)
        })?;
        Ok(Self { state, document })
    }

    /// Stores the state and confirms it.
    pub(super) fn into_confirmation(self, now: UnixMillis) -> Outcome {
        let body = confirmation(&self.state);
        self.outcome(&body, now)
    }

    /// Stores the state with this response body.
    fn outcome(self, body: &Value, now: UnixMillis) -> Outcome {
        let revision = self.state.revision;
        Outcome {
            swap: Some(Swap {
                key: STATE_KEY,
                // The emulator knows the bytes that it passed in.
                expected: None,
                next: self.document,
            }),
            ..Outcome::reply(tagged(JSON, body.to_string().into(), revision, now))
        }
    }
}

/// Rejects a change whose `If-Match` does not name this revision.
pub(super) fn check_if_match(request: &Request<Vec<u8>>, revision: u64) -> Result<(), Refusal> {
    match request.headers().get(IF_MATCH) {
        Some(seen) if !matches_revision(seen.to_str().unwrap_or_default(), revision) => {
            let detail = format!("the current revision is {revision}; fetch it and retry");
            Err(Refusal::new(StatusCode::PRECONDITION_FAILED, detail))
        }
        _ => Ok(()),
    }
}

/// A response with the revision as its `ETag`.
pub(super) fn tagged(
    media_type: &'static str,
    body: Vec<u8>,
    revision: u64,
    now: UnixMillis,
) -> MetadataResponse {
    MetadataResponse::new(StatusCode::OK)
        .header(CONTENT_TYPE, media_type)
        .text(ETAG, format!("\"{revision}\""))
        .finish(body, now)
}

pub(super) const JSON: &str = "application/json";

/// Whether an `If-Match` header contains the revision.
fn matches_revision(seen: &str, revision: u64) -> bool {
    let tag = format!("\"{revision}\"");
    seen.split(',')
        .map(str::trim)
        .any(|seen| seen == "*" || seen == tag)
}

//! One call of the control API: what it reads from the request, and the answers
//! and changes it can come to.

use http::header::{CONTENT_TYPE, ETAG, IF_MATCH};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::problem::Refusal;
use crate::emulator::World;
use crate::host::{Ambient, Outcome};
use crate::instance::Instance;
use crate::merge;
use crate::reply::Reply;
use crate::settings::read_json;
use crate::state::State;
use crate::time::UnixMillis;

/// What every call works on.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) world: &'a World,
    pub(super) ambient: Ambient,
    pub(super) request: &'a Request<Vec<u8>>,
}

/// How a call ends.
pub(super) type Answer = Result<Outcome, Refusal>;

impl Call<'_> {
    /// The body as a JSON object; `example` is one.
    pub(super) fn object(&self, example: &str) -> Result<Value, Refusal> {
        let text = self.text()?;
        let body = read_json("the body", text)?;
        if !body.is_object() {
            let detail = format!("the body is no JSON object; send one, as in {example}");
            return Err(Refusal::new(StatusCode::BAD_REQUEST, detail));
        }
        Ok(body)
    }

    /// The body as a text.
    pub(super) fn text(&self) -> Result<&str, Refusal> {
        std::str::from_utf8(self.request.body()).map_err(|_| {
            let detail = "the body is not UTF-8 text; send text";
            Refusal::new(StatusCode::BAD_REQUEST, detail)
        })
    }

    /// Changes the description of the instance, unless nothing sensible would
    /// follow from it.
    pub(super) fn describe(&self, change: impl FnOnce(&mut Value)) -> Answer {
        let mut document = self.world.document();
        change(&mut document);
        Instance::read(&document)?;
        self.change(State {
            instance: merge::between(&self.world.config.document, &document),
            ..self.world.state.clone()
        })
    }

    /// Stores another state, unless the client has seen an older one.
    pub(super) fn change(&self, state: State) -> Answer {
        let revision = self.world.state.revision;
        if let Some(seen) = self.request.headers().get(IF_MATCH)
            && !names(seen.to_str().unwrap_or_default(), revision)
        {
            let detail = format!("the revision is {revision} by now; read again, then repeat");
            return Err(Refusal::new(StatusCode::PRECONDITION_FAILED, detail));
        }
        let state = State {
            revision: revision + 1,
            ..state
        };
        Ok(changed(&state, self.ambient.now))
    }

    /// A JSON document as an answer.
    pub(super) fn json(&self, body: &Value) -> Answer {
        self.give(JSON, body.to_string().into())
    }

    /// Bytes as an answer.
    #[allow(
        clippy::unnecessary_wraps,
        reason = "calls end in an answer or a refusal"
    )]
    pub(super) fn give(&self, media_type: &'static str, body: Vec<u8>) -> Answer {
        let revision = self.world.state.revision;
        let response = tagged(media_type, body, revision, self.ambient.now);
        Ok(Outcome::reply(response))
    }
}

/// The answer to a change, and the state to store.
pub(super) fn changed(state: &State, now: UnixMillis) -> Outcome {
    let body = json!({ "status": "ok", "revision": state.revision });
    Outcome {
        next_state: Some(state.to_bytes()),
        ..Outcome::reply(tagged(JSON, body.to_string().into(), state.revision, now))
    }
}

/// An answer of a revision.
fn tagged(
    media_type: &'static str,
    body: Vec<u8>,
    revision: u64,
    now: UnixMillis,
) -> Response<Vec<u8>> {
    Reply::new(StatusCode::OK)
        .header(CONTENT_TYPE, media_type)
        .text(ETAG, format!("\"{revision}\""))
        .finish(body, now)
}

pub(super) const JSON: &str = "application/json";

/// Whether an `If-Match` names the revision.
fn names(seen: &str, revision: u64) -> bool {
    let tag = format!("\"{revision}\"");
    seen.split(',')
        .map(str::trim)
        .any(|seen| seen == "*" || seen == tag)
}

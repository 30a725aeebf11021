//! The control API below `/_imdsim/`: who may call it, and what there is.
//!
//! It is not part of the metadata service. Listings never show it, and neither
//! tokens nor the 404 page concern it; refusals are problem documents
//! (RFC 9457) with a remedy.

mod admission;
mod call;
mod events;
mod faults;
mod openapi;
mod problem;
mod requests;
mod resources;
mod routes;

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::config::Config;
use crate::emulator::{ResolvedInstance, frozen};
use crate::host::{Connection, Outcome, RequestContext};
use crate::journal::Journal;
use crate::limits::MAX_TARGET_LEN;
use crate::path;
use crate::problem::Problem;
use crate::response::MetadataResponse;
use crate::state::State;
use crate::time::UnixMillis;
use call::{Answer, Call, JSON, Next, tagged, unless_conflicting};
use problem::Refusal;
use routes::{HEALTH, REQUESTS, RESET, ROUTES, Route};

/// Below these two names, the second an alias for hosts that expect it.
const PREFIXES: [&str; 2] = ["_imdsim", "_parlel"];

/// Whether a path is the control API's.
pub(crate) fn owns(path: &str) -> bool {
    PREFIXES.contains(&split(path).0)
}

/// The first name of a path, and the rest.
fn split(path: &str) -> (&str, &str) {
    path.split_once('/').unwrap_or((path, ""))
}

/// Every path of the control API, a name in braces where any will do, with the
/// methods it takes as `Allow` lists them.
pub fn control_calls() -> impl Iterator<Item = (String, &'static str)> {
    let path = |route: &Route| format!("/{}/{}", PREFIXES[0], route.path);
    ROUTES.iter().map(move |route| (path(route), route.methods))
}

/// Answers a request for a normalised path.
pub(crate) fn answer(
    resolved: &ResolvedInstance,
    context: RequestContext,
    journal: &Journal,
    request: &Request<Vec<u8>>,
    path: &str,
) -> Outcome {
    let real = frozen(&resolved.config, Clock::Running, context);
    let context = frozen(&resolved.config, resolved.state.clock, context);
    let call = Call {
        resolved,
        context,
        real,
        request,
        journal,
    };
    let mut outcome = route(&resolved.config, context.connection, request, path)
        .and_then(|(route, below)| (route.answer)(call, below))
        .unwrap_or_else(|refusal| Outcome::reply(refusal.response(context.now)));
    if request.method() == Method::HEAD {
        outcome.response.body.clear();
    }
    outcome
}

/// What a call needs to know of the journal.
pub(crate) enum Needs {
    Nothing,
    /// What to delete.
    Keys,
    Entries,
}

/// What the call of this request needs to know, if it may be made.
pub(crate) fn needs(
    config: &Config,
    connection: Connection,
    request: &Request<Vec<u8>>,
    path: &str,
) -> Needs {
    match route(config, connection, request, path) {
        Ok((route, _)) if config.journal > 0 => match route.path {
            RESET => Needs::Keys,
            REQUESTS if request.method() == Method::DELETE => Needs::Keys,
            path if path.starts_with(REQUESTS) => Needs::Entries,
            _ => Needs::Nothing,
        },
        _ => Needs::Nothing,
    }
}

/// Whether the call of this request may be made.
pub(crate) fn admits(
    config: &Config,
    connection: Connection,
    request: &Request<Vec<u8>>,
    path: &str,
) -> bool {
    route(config, connection, request, path).is_ok()
}

/// What still works when no instance follows from the state document as it is
/// `stored`: health, and a reset.
pub(crate) fn recover(
    config: &Config,
    context: RequestContext,
    stored: Option<&[u8]>,
    journal: &Journal,
    request: &Request<Vec<u8>>,
    problem: &Problem,
) -> Outcome {
    let context = frozen(config, Clock::Running, context);
    let path = path::normalize(request.uri().path());
    let detail = format!("{problem}; POST /_imdsim/reset starts over");
    let broken = || Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, detail.clone());
    let answer = || {
        if !owns(&path) {
            return Err(broken());
        }
        let (route, _) = route(config, context.connection, request, &path)?;
        let revision = State::revision_of(stored);
        match route.path {
            HEALTH => {
                let mut about = about(config, revision, "degraded");
                about["problem"] = detail.as_str().into();
                let body = about.to_string().into();
                Ok(Outcome::reply(tagged(JSON, body, revision, context.now)))
            }
            RESET => {
                unless_conflicting(request, revision)?;
                let state = blank(revision.saturating_add(1), context);
                Ok(Outcome {
                    delete_keys: journal.everything(),
                    ..Next::new(&state)?.done(context.now)
                })
            }
            _ => Err(broken()),
        }
    };
    let mut outcome =
        answer().unwrap_or_else(|refusal| Outcome::reply(refusal.response(context.now)));
    if request.method() == Method::HEAD {
        outcome.response.body.clear();
    }
    outcome
}

/// The answer when the settings are bad.
pub(crate) fn misconfigured(problem: &Problem, now: UnixMillis) -> MetadataResponse {
    let detail = format!("{problem}; the settings are read at start-up");
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, detail).response(now)
}

/// The answer to a request with more than one `Host`.
pub(crate) fn several_hosts(now: UnixMillis) -> MetadataResponse {
    let detail = "there is more than one `Host`; send one";
    Refusal::new(StatusCode::BAD_REQUEST, detail).response(now)
}

/// The answer to a metadata request for a host to which real credentials are
/// not served.
pub(crate) fn refuse_host(
    resolved: &ResolvedInstance,
    request: &Request<Vec<u8>>,
    now: UnixMillis,
) -> Option<MetadataResponse> {
    let checked = admission::check_host(&resolved.config, &resolved.instance, request);
    checked.err().map(|refusal| refusal.response(now))
}

/// The answer when a change could not be stored.
pub(crate) fn unstorable(reason: &str, now: UnixMillis) -> MetadataResponse {
    let detail = format!("the change was not stored: {reason}");
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, detail).response(now)
}

/// Finds the row of a call, and whether the call may be made.
fn route<'p>(
    config: &Config,
    connection: Connection,
    request: &Request<Vec<u8>>,
    path: &'p str,
) -> Result<(&'static Route, &'p str), Refusal> {
    if request.uri().path().len() > MAX_TARGET_LEN {
        let detail = format!("the path is longer than {MAX_TARGET_LEN} bytes; shorten it");
        return Err(Refusal::new(StatusCode::BAD_REQUEST, detail));
    }
    let (route, below) = routes::find(split(path).1).ok_or_else(|| {
        let known: Vec<_> = ROUTES.iter().map(|route| route.path).collect();
        let known = known.join(", ");
        let detail = format!("unknown endpoint; available under /_imdsim/: {known}");
        Refusal::new(StatusCode::NOT_FOUND, detail)
    })?;
    if route.path != HEALTH {
        admission::check(config, connection, request)?;
    }
    // An id that is missing, or that clients take for a step in the path, must
    // not stand for everything.
    if route.has_members() && !path::is_exact(request.uri().path(), path) {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "a name in this path is empty, `.` or `..`; write the id, or leave out the slash",
        ));
    }
    let method = match *request.method() {
        Method::HEAD => "GET",
        ref method => method.as_str(),
    };
    if !route.takes(method) {
        return Err(Refusal::method(route.methods));
    }
    Ok((route, below))
}

/// `health`: the status, host, version and instance of the emulator.
fn health(call: Call<'_>) -> Answer {
    let resolved = call.resolved;
    let mut health = about(&resolved.config, resolved.state.revision, "ok");
    let warnings = resolved.config.warnings(call.real.now);
    if !warnings.is_empty() {
        health["warnings"] = warnings.into();
    }
    call.json(&health)
}

fn about(config: &Config, revision: u64, status: &str) -> Value {
    json!({
        "status": status,
        "version": env!("CARGO_PKG_VERSION"),
        "host": config.host,
        "revision": revision,
    })
}

/// `reset`: restores the start-up state and empties the journal.
fn reset(call: Call<'_>) -> Answer {
    let outcome = call.change(blank(call.next_revision(), call.real))?;
    Ok(Outcome {
        delete_keys: call.journal.everything(),
        ..outcome
    })
}

/// A state without changes. Its new epoch voids all tokens.
fn blank(revision: u64, context: RequestContext) -> State {
    State {
        revision,
        epoch: State::new_epoch(revision, context),
        since: Some(context.now),
        ..State::default()
    }
}

//! The control API below `/_imdsim/`: access control and routing.
//!
//! The control API is not part of the metadata service: listings omit it, it needs
//! no session tokens, and errors are problem documents (RFC 9457) with a remedy.

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
use crate::journal::Journal;
use crate::limits::MAX_TARGET_LEN;
use crate::outcome::Outcome;
use crate::path::{self, CONTROL_PREFIXES};
use crate::problem::Problem;
use crate::request_context::{Connection, RequestContext};
use crate::resolved_instance::ResolvedInstance;
use crate::response::MetadataResponse;
use crate::state::State;
use crate::store::Store;
use crate::time::UnixMillis;
use call::{Call, CallResult, JSON, PendingState, check_if_match, tagged};
use problem::Refusal;
use routes::{HEALTH, REQUESTS, RESET, ROUTES, Route};

/// All paths of the control API, with variable parts in braces, and their methods
/// in the format of `Allow`.
pub fn control_calls() -> impl Iterator<Item = (String, &'static str)> {
    let path = |route: &Route| format!("/{}/{}", CONTROL_PREFIXES[0], route.path);
    ROUTES.iter().map(move |route| (path(route), route.methods))
}

/// Handles a request for a normalized path.
pub(crate) fn answer(
    resolved: &ResolvedInstance,
    context: RequestContext,
    request: &Request<Vec<u8>>,
    path: &str,
    store: &mut impl Store,
) -> Outcome {
    let config = &resolved.config;
    let mut answer = || {
        let (route, below) = route(config, context.connection, request, path)?;
        let call = Call {
            resolved,
            context: config.emulated(resolved.state.clock, context),
            host_context: config.emulated(Clock::Running, context),
            request,
            journal: &journal(config, route, request.method(), store),
        };
        (route.answer)(call, below)
    };
    let now = config.emulated_time(resolved.state.clock, context.now);
    finish(answer(), request.method(), now)
}

/// The outcome of a call, without a body if the method is HEAD.
fn finish(answer: CallResult, method: &Method, now: UnixMillis) -> Outcome {
    let mut outcome = answer.unwrap_or_else(|refusal| Outcome::reply(refusal.response(now)));
    if method == Method::HEAD {
        outcome.response.body.clear();
    }
    outcome
}

/// Loads the part of the journal that a call needs.
fn journal(config: &Config, route: &Route, method: &Method, store: &mut impl Store) -> Journal {
    match route.path {
        _ if config.journal == 0 => Journal::default(),
        RESET => Journal::keys(store),
        REQUESTS if method == Method::DELETE => Journal::keys(store),
        path if path.starts_with(REQUESTS) => Journal::read(config.journal, store),
        _ => Journal::default(),
    }
}

/// Whether a call is admitted.
pub(crate) fn admits(
    config: &Config,
    connection: Connection,
    request: &Request<Vec<u8>>,
    path: &str,
) -> bool {
    route(config, connection, request, path).is_ok()
}

/// Handles the calls that work with an invalid state document: health and reset.
pub(crate) fn recover(
    config: &Config,
    context: RequestContext,
    stored: Option<&[u8]>,
    request: &Request<Vec<u8>>,
    path: &str,
    store: &mut impl Store,
    problem: &Problem,
) -> Outcome {
    let context = config.emulated(Clock::Running, context);
    let detail = format!("{problem}; POST /_imdsim/reset starts over");
    let broken = || Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, detail.clone());
    let mut answer = || {
        if !path::is_control(path) {
            return Err(broken());
        }
        let (route, _) = route(config, context.connection, request, path)?;
        let revision = State::revision_of(stored);
        match route.path {
            HEALTH => {
                let mut about = about(config, revision, "degraded");
                about["problem"] = detail.as_str().into();
                let body = about.to_string().into();
                Ok(Outcome::reply(tagged(JSON, body, revision, context.now)))
            }
            RESET => {
                check_if_match(request, revision)?;
                let state = blank(revision.saturating_add(1), context);
                Ok(Outcome {
                    delete_keys: journal(config, route, request.method(), store).all_keys(),
                    ..PendingState::new(&state)?.into_confirmation(context.now)
                })
            }
            _ => Err(broken()),
        }
    };
    finish(answer(), request.method(), context.now)
}

/// The response if the settings are invalid.
pub(crate) fn misconfigured(problem: &Problem, now: UnixMillis) -> MetadataResponse {
    let detail = format!("{problem}; fix it and restart");
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, detail).response(now)
}

/// The response to a request with more than one `Host`.
pub(crate) fn several_hosts(now: UnixMillis) -> MetadataResponse {
    let detail = "there is more than one `Host`; send one";
    Refusal::new(StatusCode::BAD_REQUEST, detail).response(now)
}

/// The response to a metadata request whose host must not receive real
/// credentials.
pub(crate) fn refuse_host(
    resolved: &ResolvedInstance,
    request: &Request<Vec<u8>>,
    now: UnixMillis,
) -> Option<MetadataResponse> {
    let checked = admission::check_host(&resolved.config, &resolved.instance, request);
    checked.err().map(|refusal| refusal.response(now))
}

/// The response if a change could not be stored.
pub(crate) fn unstorable(reason: &str, now: UnixMillis) -> MetadataResponse {
    let detail = format!("the change was not stored: {reason}");
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, detail).response(now)
}

/// Returns the route of an admitted call.
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
    let (route, below) = routes::find(path.split_once('/').map_or("", |(_, rest)| rest))
        .ok_or_else(|| {
            let known: Vec<_> = ROUTES.iter().map(|route| route.path).collect();
            let known = known.join(", ");
            let detail = format!("unknown endpoint; available under /_imdsim/: {known}");
            Refusal::new(StatusCode::NOT_FOUND, detail)
        })?;
    if route.path != HEALTH {
        admission::check(config, connection, request)?;
    }
    // A missing id, or one that clients resolve as a path step, must not select
    // the whole collection.
    if route.has_members() && !path::is_exact(request.uri().path(), path) {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "the path has an empty, `.` or `..` segment; write the id, or leave out the slash",
        ));
    }
    let method = match *request.method() {
        Method::HEAD => "GET",
        ref method => method.as_str(),
    };
    if !route.supports(method) {
        return Err(Refusal::method(route.methods));
    }
    Ok((route, below))
}

/// `health`: status, version, host, revision and warnings.
fn health(call: Call<'_>) -> CallResult {
    let resolved = call.resolved;
    let mut health = about(&resolved.config, resolved.state.revision, "ok");
    let warnings = resolved.config.warnings(call.host_context.now);
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
fn reset(call: Call<'_>) -> CallResult {
    let outcome = call.store_unchecked(blank(call.next_revision(), call.host_context))?;
    Ok(Outcome {
        delete_keys: call.journal.all_keys(),
        ..outcome
    })
}

/// An unchanged state. Its new epoch invalidates all tokens.
fn blank(revision: u64, context: RequestContext) -> State {
    State {
        revision,
        epoch: State::new_epoch(revision, context),
        since: Some(context.now),
        ..State::default()
    }
}

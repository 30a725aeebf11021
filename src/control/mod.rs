//! The control API below `/_imdsim/`: who may call it, and what there is.
//!
//! It is not part of the metadata service. Listings never show it, and neither
//! tokens nor the 404 page concern it; refusals are problem documents
//! (RFC 9457) with a remedy.

mod admission;
mod call;
mod problem;
mod resources;

use http::{Method, Request, Response, StatusCode};
use serde_json::json;

use crate::clock::Clock;
use crate::config::Config;
use crate::emulator::{World, frozen};
use crate::hex;
use crate::host::{Ambient, Outcome};
use crate::path;
use crate::problem::Problem;
use crate::state::State;
use crate::time::UnixMillis;
use call::Call;
use problem::{Refusal, document};

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

/// Answers a request for a normalised path.
pub(crate) fn answer(
    world: &World,
    ambient: Ambient,
    request: &Request<Vec<u8>>,
    path: &str,
) -> Outcome {
    let call = Call {
        world,
        ambient,
        request,
    };
    let mut outcome = route(&world.config, request, path)
        .and_then(|route| match route {
            Route::Health => Ok(health(&world.state, ambient)),
            Route::Reset => Ok(reset(world.state.revision, ambient)),
            Route::Instance => resources::instance(call),
            Route::MetadataOptions => resources::metadata_options(call),
            Route::UserData => resources::user_data(call),
            Route::Overrides => resources::overrides(call),
            Route::Override(below) => resources::one_override(call, below),
            Route::Clock => resources::clock(call),
            Route::Snapshot => resources::snapshot(call),
            Route::Certificate(name) => resources::certificate(call, name),
        })
        .unwrap_or_else(|refusal| Outcome::reply(refusal.response(ambient.now)));
    if request.method() == Method::HEAD {
        outcome.response.body_mut().clear();
    }
    outcome
}

/// What still works when the state document cannot be read: a reset.
pub(crate) fn recover(
    config: &Config,
    ambient: Ambient,
    request: &Request<Vec<u8>>,
    problem: &Problem,
) -> Outcome {
    let ambient = frozen(config, Clock::Running, ambient);
    let path = path::normalize(request.uri().path());
    let unreadable = || Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, problem.to_string());
    let route = if owns(&path) {
        route(config, request, &path)
    } else {
        Err(unreadable())
    };
    match route {
        Ok(Route::Reset) => reset(0, ambient),
        Ok(_) => Outcome::reply(unreadable().response(ambient.now)),
        Err(refusal) => Outcome::reply(refusal.response(ambient.now)),
    }
}

/// The answer when the settings are bad.
pub(crate) fn misconfigured(problem: &Problem, now: UnixMillis) -> Response<Vec<u8>> {
    let detail = format!("{problem}; the settings are read at start-up");
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, detail).response(now)
}

/// The answer when a change could not be stored.
pub(crate) fn unstorable(reason: &str, now: UnixMillis) -> Response<Vec<u8>> {
    let detail = format!("the change was not stored: {reason}");
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, detail).response(now)
}

/// What a call is about.
enum Route<'p> {
    Health,
    Reset,
    Instance,
    MetadataOptions,
    UserData,
    Overrides,
    Override(&'p str),
    Clock,
    Snapshot,
    Certificate(&'p str),
}

/// Finds what a call is about, and whether it may be made.
fn route<'p>(
    config: &Config,
    request: &Request<Vec<u8>>,
    path: &'p str,
) -> Result<Route<'p>, Refusal> {
    let (name, below) = split(split(path).1);
    let (route, methods) = match (name, below) {
        ("health", "") => (Route::Health, "GET"),
        ("reset", "") => (Route::Reset, "POST"),
        ("instance", "") => (Route::Instance, "GET, PATCH"),
        ("metadata-options", "") => (Route::MetadataOptions, "GET, PATCH"),
        ("user-data", "") => (Route::UserData, "GET, PUT, DELETE"),
        ("overrides", "") => (Route::Overrides, "GET, DELETE"),
        ("overrides", below) => (Route::Override(below), "GET, PUT, DELETE"),
        ("clock", "") => (Route::Clock, "GET, PUT, DELETE"),
        ("snapshot", "") => (Route::Snapshot, "GET, PUT"),
        ("certificates", below) => (Route::Certificate(below), "GET"),
        _ => {
            return Err(Refusal::new(
                StatusCode::NOT_FOUND,
                "there is no such call; below /_imdsim/ there are health, reset, instance, \
                 metadata-options, user-data, overrides, clock, snapshot and certificates",
            ));
        }
    };
    // Health alone is open to everybody; it shows nothing private.
    if !matches!(route, Route::Health) {
        admission::check(config, request)?;
    }
    let method = match *request.method() {
        Method::HEAD => "GET",
        ref method => method.as_str(),
    };
    if !methods.split(", ").any(|allowed| allowed == method) {
        return Err(Refusal::method(methods));
    }
    Ok(route)
}

fn health(state: &State, ambient: Ambient) -> Outcome {
    let body = json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "revision": state.revision,
    });
    Outcome::reply(document(StatusCode::OK, &body, ambient.now))
}

/// Back to what the emulator was started with. The new epoch voids all tokens.
fn reset(revision: u64, ambient: Ambient) -> Outcome {
    let revision = revision + 1;
    // The revision tells epochs apart where random bytes are frozen.
    let epoch = format!("{revision}-{}", hex::encode(&ambient.entropy[..16]));
    let state = State {
        revision,
        epoch,
        ..State::default()
    };
    let body = json!({ "status": "ok", "revision": state.revision });
    Outcome {
        next_state: Some(state.to_bytes()),
        ..Outcome::reply(document(StatusCode::OK, &body, ambient.now))
    }
}

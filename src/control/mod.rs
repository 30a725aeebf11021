//! The control API below `/_imdsim/`: health, reset and certificates.
//!
//! It is not part of the metadata service. Listings never show it, and neither
//! tokens nor the 404 page concern it; refusals are problem documents
//! (RFC 9457) with a remedy.

mod admission;
mod problem;

use http::header::CONTENT_TYPE;
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

use crate::config::Config;
use crate::emulator::World;
use crate::hex;
use crate::host::{Ambient, Outcome};
use crate::path;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::signature::Signature;
use crate::state::State;
use crate::time::UnixMillis;
use problem::{Refusal, document};

/// Below these two names, the second an alias for hosts that expect it.
const PREFIXES: [&str; 2] = ["_imdsim", "_parlel"];

/// Whether a path is the control API's.
pub(crate) fn owns(path: &str) -> bool {
    PREFIXES.contains(&split(path).0)
}

/// Whether the answer to a request for this path depends on `Host`, which the
/// metadata service does not look at (reference 3).
pub fn asks_for_host(target: &str) -> bool {
    owns(&path::normalize(target))
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
    route(&world.config, Ok(&world.state), ambient, request, path)
        .unwrap_or_else(|refusal| Outcome::reply(refusal.response(ambient.now)))
}

/// What still works when the state document cannot be read: a reset.
pub(crate) fn recover(
    config: &Config,
    ambient: Ambient,
    request: &Request<Vec<u8>>,
    problem: &Problem,
) -> Outcome {
    let path = path::normalize(request.uri().path());
    let unreadable = || Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, problem.to_string());
    if !owns(&path) {
        return Outcome::reply(unreadable().response(ambient.now));
    }
    route(config, Err(unreadable()), ambient, request, &path)
        .unwrap_or_else(|refusal| Outcome::reply(refusal.response(ambient.now)))
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

fn route(
    config: &Config,
    state: Result<&State, Refusal>,
    ambient: Ambient,
    request: &Request<Vec<u8>>,
    path: &str,
) -> Result<Outcome, Refusal> {
    match (request.method(), split(path).1) {
        (&Method::GET | &Method::HEAD, "health") => {
            let state = state?;
            let body = json!({
                "status": "ok",
                "version": env!("CARGO_PKG_VERSION"),
                "revision": state.revision,
            });
            Ok(Outcome::reply(document(StatusCode::OK, &body, ambient.now)))
        }
        (&Method::POST, "reset") => {
            admission::check(config, request)?;
            Ok(reset(state.map_or(0, |state| state.revision), ambient))
        }
        (_, path) if split(path).0 == "certificates" => {
            admission::check(config, request)?;
            certificate(config, request.method(), split(path).1, ambient)
        }
        (_, "health") => Err(Refusal::method("GET")),
        (_, "reset") => Err(Refusal::method("POST")),
        _ => Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "there is no such call; there are GET /_imdsim/health, POST /_imdsim/reset and GET \
             /_imdsim/certificates/",
        )),
    }
}

/// What verifies a signature of the identity document.
fn certificate(
    config: &Config,
    method: &Method,
    name: &str,
    ambient: Ambient,
) -> Result<Outcome, Refusal> {
    let known = |signature: &Signature| signature.certificate() == name;
    let signature = Signature::ALL.into_iter().find(known).ok_or_else(|| {
        let names = Signature::ALL.map(Signature::certificate);
        let detail = format!(
            "there is no such certificate; there are {}",
            names.join(", ")
        );
        Refusal::new(StatusCode::NOT_FOUND, detail)
    })?;
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(Refusal::method("GET"));
    }
    let text = config.identity_keys.certificate(signature);
    Ok(Outcome::reply(
        Reply::new(StatusCode::OK)
            .header(CONTENT_TYPE, "application/x-pem-file")
            .finish(text.into_bytes(), ambient.now),
    ))
}

/// Back to what the emulator was started with. The new epoch voids all tokens.
fn reset(revision: u64, ambient: Ambient) -> Outcome {
    let revision = revision + 1;
    // The revision tells epochs apart where random bytes are frozen.
    let epoch = format!("{revision}-{}", hex::encode(&ambient.entropy[..16]));
    let state = State { revision, epoch };
    let body = json!({ "status": "ok", "revision": state.revision });
    Outcome {
        next_state: Some(state.to_bytes()),
        ..Outcome::reply(document(StatusCode::OK, &body, ambient.now))
    }
}

//! A request to the metadata service from end to end: faults, the service
//! procedure (`metadata`), and the journal entry.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, StatusCode};

use crate::constants;
use crate::journal::Entry;
use crate::metadata::{self, FaultContext};
use crate::outcome::{Delivery, Outcome, Swap};
use crate::request::MetadataRequest;
use crate::request_context::RequestContext;
use crate::resolved_instance::ResolvedInstance;
use crate::response::MetadataResponse;
use crate::signature::Signature;
use crate::simulation::{Effect, RequestCounters};
use crate::store::{COUNTERS_KEY, Store};
use crate::time::UnixMillis;

/// The delay of a stalled response: longer than any client waits.
const STALL: Duration = Duration::from_hours(1);

/// The categories with notices, which only the first
/// [`Config::mock_ip_count`](crate::Config::mock_ip_count) clients see.
const NOTICES: [&str; 3] = ["spot", "events", "autoscaling"];

/// Answers a request for a normalised path.
pub(crate) fn answer(
    resolved: &ResolvedInstance,
    context: RequestContext,
    request: &Request<Vec<u8>>,
    path: &str,
    store: &mut impl Store,
) -> Outcome {
    let request = MetadataRequest::new(request, path);
    let now = context.now;
    if request.is_too_long() {
        let mut outcome =
            Outcome::reply(MetadataResponse::empty(StatusCode::BAD_REQUEST, None, now));
        if resolved.config.journal > 0 {
            outcome.entry = Some(entry(resolved, now, &request, &outcome));
        }
        return outcome;
    }
    let stored_counters = needs_counters(resolved, now, &request)
        .then(|| store.get(COUNTERS_KEY))
        .flatten();
    if let Some(signature) = Signature::at(path) {
        let signatures = &resolved.signatures;
        signatures.load(signature, &resolved.instance, |key| store.get(key));
    }
    let epoch = &resolved.state.epoch;
    let mut request_counters = RequestCounters::read(stored_counters.as_deref(), epoch);
    let before = request_counters.clone();
    let notices = sees_notices(resolved, &request, &mut request_counters);
    let matched = resolved
        .timeline
        .matching_fault(&request, now, &mut request_counters);
    let faults = FaultContext {
        notices,
        effect: matched.map(|matched| &matched.fault.effect),
    };
    let mut outcome = match replacement(faults.effect, request.method, now) {
        Some(outcome) => outcome,
        None => damaged(
            faults.effect,
            metadata::answer(resolved, context, &request, faults),
        ),
    };
    let delay = matched.map_or(Duration::ZERO, |matched| matched.fault.delay);
    outcome.delay = outcome.delay.saturating_add(delay);
    outcome.fault = matched.map(|matched| matched.id.to_owned());
    if request_counters != before {
        request_counters.retain(resolved.timeline.counter_keys());
        outcome.swap = Some(Swap {
            key: COUNTERS_KEY,
            expected: stored_counters.map(Arc::new),
            next: request_counters.to_bytes(epoch),
        });
    }
    if resolved.config.journal > 0 {
        outcome.entry = Some(entry(resolved, now, &request, &outcome));
    }
    outcome.cache_entry = resolved.signatures.take_new(&resolved.instance);
    outcome
}

/// Whether the response depends on the counts of earlier requests.
fn needs_counters(
    resolved: &ResolvedInstance,
    now: UnixMillis,
    request: &MetadataRequest<'_>,
) -> bool {
    resolved.config.mock_ip_count.is_some() && resolved.instance.events.any()
        || resolved.timeline.needs_counters(request, now)
}

/// The outcome of a fault that replaces the service's response.
fn replacement(effect: Option<&Effect>, method: &Method, now: UnixMillis) -> Option<Outcome> {
    // This response is never sent. wasi:http hosts need it to have a body.
    let silence = |delay| Outcome {
        delivery: Delivery::Aborted,
        delay,
        ..Outcome::reply(MetadataResponse::not_found(None, now))
    };
    match effect? {
        Effect::Stall => Some(silence(STALL)),
        Effect::Close => Some(silence(Duration::ZERO)),
        Effect::Status(status) => {
            let mut response = match *status {
                StatusCode::NOT_FOUND => MetadataResponse::not_found(None, now),
                status => MetadataResponse::empty(status, None, now),
            };
            if method == Method::HEAD {
                response.body.clear();
            }
            Some(Outcome::reply(response))
        }
        _ => None,
    }
}

/// The service's response, damaged by a fault on its way to the client.
fn damaged(effect: Option<&Effect>, response: MetadataResponse) -> Outcome {
    let mut outcome = Outcome::reply(response);
    match effect {
        Some(Effect::Cut(0)) => outcome.delivery = Delivery::Aborted,
        // An empty body cannot be truncated.
        Some(Effect::Cut(length)) if !outcome.response.body.is_empty() => {
            outcome.delivery = Delivery::Truncated(*length);
        }
        Some(Effect::Garble) => outcome.response.body.fill(b'?'),
        _ => {}
    }
    outcome
}

/// Whether a client sees the notices: with a configured count, only the first
/// addresses to request one do. Requesting a listing that contains notices does
/// not count.
fn sees_notices(
    resolved: &ResolvedInstance,
    request: &MetadataRequest<'_>,
    request_counters: &mut RequestCounters,
) -> bool {
    let Some(limit) = resolved.config.mock_ip_count else {
        return true;
    };
    let peer = request.headers.get(constants::PEER);
    let peer = peer.and_then(|peer| peer.to_str().ok()).unwrap_or_default();
    let category = request.path.split('/').nth(2).unwrap_or_default();
    if resolved.instance.events.any() && NOTICES.contains(&category) {
        request_counters.admits(peer, limit)
    } else {
        request_counters.clone().admits(peer, limit)
    }
}

fn entry(
    resolved: &ResolvedInstance,
    now: UnixMillis,
    request: &MetadataRequest<'_>,
    outcome: &Outcome,
) -> Entry {
    let status = outcome.response.status;
    let mints = request.is_for_token() && status == StatusCode::OK;
    let minted = mints.then_some(&*outcome.response.body);
    let token = minted.or(request.token);
    let trace = token.map(|token| resolved.token_authority.trace(now, token));
    let age = trace.and_then(|(_, age)| age);
    Entry {
        time: now,
        version: request.version,
        status: (outcome.delivery != Delivery::Aborted).then_some(status.as_u16()),
        token: trace.map(|(fingerprint, _)| fingerprint),
        token_age: age.filter(|_| minted.is_none()),
        capacity: u32::try_from(resolved.config.journal).unwrap_or(u32::MAX),
        is_frozen: resolved.config.frozen_time.is_some(),
    }
}

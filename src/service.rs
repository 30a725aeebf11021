//! A request to the metadata service from end to end: the faults that may
//! strike it, the procedure itself, and what the journal tells.

use std::time::Duration;

use http::{Method, Request, StatusCode};

use crate::emulator::ResolvedInstance;
use crate::host::{COUNTERS_KEY, Delivery, Outcome, RequestContext, Swap};
use crate::journal::Entry;
use crate::metadata::{self, FaultContext};
use crate::request::MetadataRequest;
use crate::response::MetadataResponse;
use crate::simulation::{Effect, MatchedFault, RequestCounters};
use crate::time::UnixMillis;
use crate::wire;

/// How long the answer takes that never comes: longer than any client waits.
const STALL: Duration = Duration::from_hours(1);

/// Where the notices are of which [`Config::mock_ip_count`] speaks.
///
/// [`Config::mock_ip_count`]: crate::Config::mock_ip_count
const NOTICES: [&str; 3] = ["spot", "events", "autoscaling"];

/// Answers a request for a normalised path; `counted` is the document under
/// [`COUNTERS_KEY`], which is asked for by [`counts`].
pub(crate) fn answer(
    resolved: &ResolvedInstance,
    context: RequestContext,
    counted: Option<&[u8]>,
    request: &Request<Vec<u8>>,
    path: &str,
) -> Outcome {
    let request = MetadataRequest::new(request, path);
    let now = context.now;
    if request.is_too_long() {
        let mut outcome =
            Outcome::reply(MetadataResponse::empty(StatusCode::BAD_REQUEST, None, now));
        if resolved.config.journal > 0 {
            outcome.entry = Some(entry(resolved, now, &request, None, &outcome));
        }
        return outcome;
    }
    let epoch = &resolved.state.epoch;
    let mut request_counters = RequestCounters::read(counted, epoch);
    let before = request_counters.clone();
    let notices = sees_notices(resolved, &request, &mut request_counters);
    let matched = resolved
        .timeline
        .matching_fault(&request, now, &mut request_counters);
    let faults = FaultContext {
        notices,
        effect: matched.map(|matched| &matched.fault.effect),
    };
    let mut outcome = answer_with_fault(resolved, context, &request, faults);
    let delay = matched.map_or(Duration::ZERO, |matched| matched.fault.delay);
    outcome.delay = outcome.delay.saturating_add(delay);
    outcome.fault = matched.map(|matched| matched.id.to_owned());
    if request_counters != before {
        request_counters.retain(resolved.timeline.counter_keys());
        outcome.swap = Some(Swap {
            key: COUNTERS_KEY,
            expected: counted.map(<[u8]>::to_vec),
            next: request_counters.to_bytes(epoch),
        });
    }
    if resolved.config.journal > 0 {
        outcome.entry = Some(entry(resolved, now, &request, matched, &outcome));
    }
    outcome.cache_entry = resolved.signatures.take_new(&resolved.instance);
    outcome
}

/// Whether the answer follows from what was counted before.
pub(crate) fn counts(
    resolved: &ResolvedInstance,
    now: UnixMillis,
    request: &Request<Vec<u8>>,
    path: &str,
) -> bool {
    let request = MetadataRequest::new(request, path);
    !request.is_too_long()
        && (resolved.config.mock_ip_count.is_some() && resolved.instance.events.any()
            || resolved.timeline.events(true).next().is_some()
                && resolved.timeline.counts(&request, now))
}

/// The answer under what goes wrong.
fn answer_with_fault(
    resolved: &ResolvedInstance,
    context: RequestContext,
    request: &MetadataRequest<'_>,
    faults: FaultContext<'_>,
) -> Outcome {
    let now = context.now;
    // It never leaves. Over wasi:http, hosts see that since it has a body.
    let silence = |delay| Outcome {
        delivery: Delivery::Aborted,
        delay,
        ..Outcome::reply(MetadataResponse::not_found(None, now))
    };
    match faults.effect {
        Some(Effect::Stall) => return silence(STALL),
        Some(Effect::Close) => return silence(Duration::ZERO),
        Some(Effect::Status(status)) => {
            let mut response = match *status {
                StatusCode::NOT_FOUND => MetadataResponse::not_found(None, now),
                status => MetadataResponse::empty(status, None, now),
            };
            if request.method == Method::HEAD {
                response.body.clear();
            }
            return Outcome::reply(response);
        }
        _ => {}
    }
    let mut outcome = Outcome::reply(metadata::answer(resolved, context, request, faults));
    match faults.effect {
        Some(Effect::Cut(0)) => outcome.delivery = Delivery::Aborted,
        // Of a body that is not there nothing is missing.
        Some(Effect::Cut(length)) if !outcome.response.body.is_empty() => {
            outcome.delivery = Delivery::Truncated(*length);
        }
        Some(Effect::Garble) => outcome.response.body.fill(b'?'),
        _ => {}
    }
    outcome
}

/// Whether a client sees the notices. Of the addresses that ask for them, only
/// the first few do, if so many were said. A listing that would show them
/// counts nobody.
fn sees_notices(
    resolved: &ResolvedInstance,
    request: &MetadataRequest<'_>,
    request_counters: &mut RequestCounters,
) -> bool {
    let Some(limit) = resolved.config.mock_ip_count else {
        return true;
    };
    let peer = request.headers.get(wire::PEER);
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
    matched: Option<MatchedFault<'_>>,
    outcome: &Outcome,
) -> Entry {
    let mut entry = Entry::new(request, now);
    let status = outcome.response.status;
    entry.answered((outcome.delivery != Delivery::Aborted).then_some(status));
    if let Some(matched) = matched {
        entry.applied_fault(matched.id);
    }
    let mints = request.is_for_token() && status == StatusCode::OK;
    let minted = mints.then_some(&*outcome.response.body);
    if let Some(token) = minted.or(request.token) {
        let (fingerprint, age) = resolved.token_authority.trace(now, token);
        entry.token(fingerprint);
        if let Some(age) = age.filter(|_| minted.is_none()) {
            entry.token_age(age);
        }
    }
    entry
}

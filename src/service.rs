//! A request to the metadata service from end to end: the faults that may
//! strike it, the procedure itself, and what the journal tells.

use std::time::Duration;

use http::{Method, Request, StatusCode};

use crate::emulator::World;
use crate::host::{Ambient, Ending, Outcome, Swap, TALLY_KEY};
use crate::journal::Entry;
use crate::metadata::{self, Distortion};
use crate::reply::Reply;
use crate::request::Asked;
use crate::simulation::{Effect, Struck, Tally};
use crate::time::UnixMillis;
use crate::wire;

/// How long the answer takes that never comes: longer than any client waits.
const STALL: Duration = Duration::from_hours(1);

/// Where the notices are of which [`Config::mock_ip_count`] speaks.
///
/// [`Config::mock_ip_count`]: crate::Config::mock_ip_count
const NOTICES: [&str; 3] = ["spot", "events", "autoscaling"];

/// Answers a request for a normalised path; `counted` is the document under
/// [`TALLY_KEY`], which is asked for by [`counts`].
pub(crate) fn answer(
    world: &World,
    ambient: Ambient,
    counted: Option<&[u8]>,
    request: &Request<Vec<u8>>,
    path: &str,
) -> Outcome {
    let asked = Asked::new(request, path);
    let now = ambient.now;
    if asked.is_too_long() {
        let mut outcome = Outcome::reply(Reply::empty(StatusCode::BAD_REQUEST, None, now));
        if world.config.journal > 0 {
            outcome.entry = Some(entry(world, now, &asked, None, &outcome));
        }
        return outcome;
    }
    let epoch = &world.state.epoch;
    let mut tally = Tally::read(counted, epoch);
    let before = tally.clone();
    let notices = sees_notices(world, &asked, &mut tally);
    let struck = world.story.strike(&asked, now, &mut tally);
    let distortion = Distortion {
        notices,
        effect: struck.map(|struck| &struck.fault.effect),
    };
    let mut outcome = under(world, ambient, &asked, distortion);
    let delay = struck.map_or(Duration::ZERO, |struck| struck.fault.delay);
    outcome.delay = outcome.delay.saturating_add(delay);
    outcome.fault = struck.map(|struck| struck.id.to_owned());
    if tally != before {
        tally.retain(world.story.counted());
        outcome.swap = Some(Swap {
            key: TALLY_KEY,
            expected: counted.map(<[u8]>::to_vec),
            next: tally.to_bytes(epoch),
        });
    }
    if world.config.journal > 0 {
        outcome.entry = Some(entry(world, now, &asked, struck, &outcome));
    }
    outcome.keep = world.signatures.take_new(&world.instance);
    outcome
}

/// Whether the answer follows from what was counted before.
pub(crate) fn counts(
    world: &World,
    now: UnixMillis,
    request: &Request<Vec<u8>>,
    path: &str,
) -> bool {
    let asked = Asked::new(request, path);
    !asked.is_too_long()
        && (world.config.mock_ip_count.is_some() && world.instance.events.any()
            || world.story.events(true).next().is_some() && world.story.counts(&asked, now))
}

/// The answer under what goes wrong.
fn under(
    world: &World,
    ambient: Ambient,
    asked: &Asked<'_>,
    distortion: Distortion<'_>,
) -> Outcome {
    let now = ambient.now;
    // It never leaves. Over wasi:http, hosts see that since it has a body.
    let silence = |delay| Outcome {
        ending: Ending::Closed,
        delay,
        ..Outcome::reply(Reply::not_found(None, now))
    };
    match distortion.effect {
        Some(Effect::Stall) => return silence(STALL),
        Some(Effect::Close) => return silence(Duration::ZERO),
        Some(Effect::Status(status)) => {
            let mut response = match *status {
                StatusCode::NOT_FOUND => Reply::not_found(None, now),
                status => Reply::empty(status, None, now),
            };
            if asked.method == Method::HEAD {
                response.body.clear();
            }
            return Outcome::reply(response);
        }
        _ => {}
    }
    let mut outcome = Outcome::reply(metadata::answer(world, ambient, asked, distortion));
    match distortion.effect {
        Some(Effect::Cut(0)) => outcome.ending = Ending::Closed,
        // Of a body that is not there nothing is missing.
        Some(Effect::Cut(length)) if !outcome.response.body.is_empty() => {
            outcome.ending = Ending::Cut(*length);
        }
        Some(Effect::Garble) => outcome.response.body.fill(b'?'),
        _ => {}
    }
    outcome
}

/// Whether a client sees the notices. Of the addresses that ask for them, only
/// the first few do, if so many were said. A listing that would show them
/// counts nobody.
fn sees_notices(world: &World, asked: &Asked<'_>, tally: &mut Tally) -> bool {
    let Some(limit) = world.config.mock_ip_count else {
        return true;
    };
    let peer = asked.headers.get(wire::PEER);
    let peer = peer.and_then(|peer| peer.to_str().ok()).unwrap_or_default();
    let category = asked.path.split('/').nth(2).unwrap_or_default();
    if world.instance.events.any() && NOTICES.contains(&category) {
        tally.admits(peer, limit)
    } else {
        tally.clone().admits(peer, limit)
    }
}

fn entry(
    world: &World,
    now: UnixMillis,
    asked: &Asked<'_>,
    struck: Option<Struck<'_>>,
    outcome: &Outcome,
) -> Entry {
    let mut entry = Entry::new(asked, now);
    let status = outcome.response.status;
    entry.answered((outcome.ending != Ending::Closed).then_some(status));
    if let Some(struck) = struck {
        entry.struck_by(struck.id);
    }
    let mints = asked.is_for_token() && status == StatusCode::OK;
    let minted = mints.then_some(&*outcome.response.body);
    if let Some(token) = minted.or(asked.token) {
        let (fingerprint, age) = world.authority.trace(now, token);
        entry.token(fingerprint);
        if let Some(age) = age.filter(|_| minted.is_none()) {
            entry.token_age(age);
        }
    }
    entry
}

//! One request: load the state, ask the core, store what it wants stored.

use std::time::Duration;

use http::{Method, Request};
use imdsim::{Ambient, Emulator, Outcome, Reply, UnixMillis};

use crate::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use crate::bindings::wasi::random::random::{get_random_bytes, get_random_u64};
use crate::store::{Conflict, Slot};

/// How often a change is tried again when other writers come first.
const MAX_ATTEMPTS: usize = 100;

/// How long a writer whose turn it is not lets that one go ahead.
const PAUSE: Duration = Duration::from_millis(1);

/// Loads the state, asks the core, and stores what it wants stored; when
/// another writer came first, all of it again.
pub(crate) fn answer(
    emulator: &mut Emulator,
    slot: &mut Slot,
    request: &Request<Vec<u8>>,
) -> Reply {
    let ambient = ambient(request.method());
    for _ in 0..MAX_ATTEMPTS {
        let stored = slot.read();
        let state = stored.as_ref().ok().and_then(|bytes| bytes.as_deref());
        emulator.recall(state, ambient.now, request, |key| slot.recall(key));
        let Outcome {
            response,
            next_state,
            keep,
            delay,
        } = emulator.answer(state, ambient, request);
        if let Some(next) = next_state {
            let current = match stored {
                Ok(current) => current,
                Err(reason) => return emulator.unstorable(&reason, ambient.now),
            };
            match slot.swap(current.as_deref(), &next) {
                Ok(()) => {}
                Err(Conflict::NotNext) => {
                    wait(PAUSE);
                    continue;
                }
                Err(Conflict::Overtaken) => {
                    wait(backoff(ambient.now));
                    continue;
                }
                Err(Conflict::Failed(reason)) => return emulator.unstorable(&reason, ambient.now),
            }
        }
        if let Some((key, value)) = keep {
            slot.keep(&key, &value);
        }
        wait(delay);
        return response;
    }
    emulator.unstorable("other writers kept coming first", ambient.now)
}

/// The time, and random bytes where something could come of them: a safe
/// method changes nothing (RFC 9110, section 9.2.1), and most requests are
/// spared the asking.
fn ambient(method: &Method) -> Ambient {
    let mut entropy = [0; 32];
    if !method.is_safe() {
        entropy.copy_from_slice(&get_random_bytes(32));
    }
    Ambient {
        now: now(),
        entropy,
    }
}

fn now() -> UnixMillis {
    let clock = wall_clock::now();
    let seconds = i64::try_from(clock.seconds).unwrap_or_default();
    UnixMillis(seconds * 1000 + i64::from(clock.nanoseconds / 1_000_000))
}

/// How long an overtaken writer lets others go first: a random time, about as
/// long as the request has taken so far, so that many do not keep overtaking
/// each other.
fn backoff(arrived: UnixMillis) -> Duration {
    let spent = (now().0 - arrived.0).clamp(1, 1000);
    Duration::from_nanos(get_random_u64() % (spent.unsigned_abs() * 2_000_000))
}

fn wait(delay: Duration) {
    if !delay.is_zero() {
        let nanoseconds = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        monotonic_clock::subscribe_duration(nanoseconds).block();
    }
}

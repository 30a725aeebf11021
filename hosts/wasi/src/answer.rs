//! One request: load the state, ask the core, store what it wants stored.

use std::time::Duration;

use http::{Method, Request};
use imdsim::{
    Ambient, Course, Emulator, Ending, Outcome, Reply, STATE_KEY, Store as _, UnixMillis,
};

use crate::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use crate::bindings::wasi::random::random::{get_random_bytes, get_random_u64};
use crate::store::{Conflict, Slot};

/// How often a change is tried again when other writers come first.
const MAX_ATTEMPTS: usize = 100;

/// How long a writer whose turn it is not lets that one go ahead.
const PAUSE: Duration = Duration::from_millis(1);

/// What a client gets, and when.
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    pub(crate) ending: Ending,
    /// How long to wait before it is sent.
    pub(crate) delay: Duration,
}

/// Loads the state, asks the core, and stores what it wants stored; when
/// another writer came first, all of it again.
pub(crate) fn answer(
    emulator: &mut Emulator,
    slot: &mut Slot,
    request: &Request<Vec<u8>>,
) -> Answer {
    let arrived = now();
    let ambient = ambient(request.method(), arrived);
    for _ in 0..MAX_ATTEMPTS {
        let stored = slot.read();
        let state = stored.as_ref().ok().and_then(|bytes| bytes.as_deref());
        emulator.recall(state, ambient.now, request, slot);
        let outcome = emulator.answer(state, ambient, request);
        let swapped = match (&outcome.swap, stored) {
            (None, _) => Ok(()),
            (Some(swap), Err(reason)) if swap.key == STATE_KEY => Err(Conflict::Failed(reason)),
            (Some(swap), _) => slot.swap(swap),
        };
        let is_state = outcome
            .swap
            .as_ref()
            .is_some_and(|swap| swap.key == STATE_KEY);
        match swapped {
            Err(Conflict::NotNext) => wait(PAUSE),
            Err(Conflict::Overtaken) => wait(backoff(arrived)),
            Err(Conflict::Failed(reason)) if is_state => {
                return emulator.unstorable(&reason, ambient.now).into();
            }
            // Where nothing can be counted, every request is the first one.
            Ok(()) | Err(Conflict::Failed(_)) => return finish(emulator, slot, outcome, arrived),
        }
    }
    let reason = "other writers kept coming first";
    emulator.unstorable(reason, ambient.now).into()
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self {
            reply,
            ending: Ending::Whole,
            delay: Duration::ZERO,
        }
    }
}

/// Does what else the outcome asks for.
fn finish(emulator: &mut Emulator, slot: &mut Slot, outcome: Outcome, arrived: Duration) -> Answer {
    if let Some((key, value)) = outcome.keep {
        slot.set(&key, &value);
    }
    for key in outcome.forget {
        slot.delete(&key);
    }
    // Before the client has the answer: it may ask for the journal next, and
    // not every client sees the end of the wait.
    if let Some(entry) = outcome.entry {
        let course = Course {
            arrived: nanoseconds(arrived),
            took: now().saturating_sub(arrived) + outcome.delay,
            random: get_random_u64,
        };
        emulator.record(entry, course, slot);
    }
    Answer {
        reply: outcome.response,
        ending: outcome.ending,
        delay: outcome.delay,
    }
}

/// The time, and random bytes where something could come of them: a safe
/// method changes nothing (RFC 9110, section 9.2.1), and most requests are
/// spared the asking.
fn ambient(method: &Method, arrived: Duration) -> Ambient {
    let mut entropy = [0; 32];
    if !method.is_safe() {
        entropy.copy_from_slice(&get_random_bytes(32));
    }
    Ambient {
        now: UnixMillis(i64::try_from(arrived.as_millis()).unwrap_or_default()),
        entropy,
    }
}

/// The time since 1970.
fn now() -> Duration {
    let clock = wall_clock::now();
    Duration::new(clock.seconds, clock.nanoseconds)
}

/// How long an overtaken writer lets others go first: a random time, about as
/// long as the request has taken so far, so that many do not keep overtaking
/// each other.
fn backoff(arrived: Duration) -> Duration {
    let spent = now().saturating_sub(arrived).as_millis().clamp(1, 1000);
    let spent = u64::try_from(spent).unwrap_or(1000);
    Duration::from_nanos(get_random_u64() % (spent * 2_000_000))
}

/// Does nothing for a time.
pub(crate) fn wait(delay: Duration) {
    if !delay.is_zero() {
        monotonic_clock::subscribe_duration(nanoseconds(delay)).block();
    }
}

/// A time as hosts count it.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

//! One request: load the state, ask the core, store what it wants stored.

use std::time::Duration;

use http::{Method, Request};
use imdsim::{Ambient, Course, Emulator, Ending, Outcome, Reply, STATE_KEY, Swap, UnixMillis};

use crate::host::{Host, Swapped};

/// How often a change is tried again when other writers come first.
const MAX_ATTEMPTS: usize = 100;

/// Counts the writers that found no document.
const FIRST_KEY: &str = "imdsim/first";

/// Of so many such writers one may go ahead. The others try again and will
/// find its document; had it died, they would come to the next turn.
const TURNS: i64 = 64;

/// How long a writer whose turn it is not lets that one go ahead.
const PAUSE: Duration = Duration::from_millis(1);

/// What a client gets, and when.
#[derive(Debug)]
pub struct Answer {
    /// The response.
    pub reply: Reply,
    /// How much of it the client gets.
    pub ending: Ending,
    /// How long to wait before it is sent.
    pub delay: Duration,
}

/// Why a change was not stored.
enum Conflict {
    /// Another writer changed the document since it was read.
    Overtaken,
    /// There is no document yet, and another writer is to make it.
    NotNext,
    /// The store refused, in its own words.
    Failed(String),
}

/// Loads the state, asks the core, and stores what it wants stored; when
/// another writer came first, all of it again.
pub fn answer<H: Host>(
    emulator: &mut Emulator,
    host: &mut H,
    request: &Request<Vec<u8>>,
) -> Answer {
    let arrived = H::now();
    let ambient = ambient::<H>(request.method(), arrived);
    for _ in 0..MAX_ATTEMPTS {
        let stored = host.read(STATE_KEY);
        let state = stored.as_ref().ok().and_then(|bytes| bytes.as_deref());
        emulator.recall(state, ambient.now, request, host);
        let outcome = emulator.answer(state, ambient, request);
        let swapped = match (&outcome.swap, stored) {
            (None, _) => Ok(()),
            (Some(swap), Err(reason)) if swap.key == STATE_KEY => Err(Conflict::Failed(reason)),
            (Some(swap), _) => replace(host, swap),
        };
        let is_state = outcome
            .swap
            .as_ref()
            .is_some_and(|swap| swap.key == STATE_KEY);
        match swapped {
            Err(Conflict::NotNext) => host.wait(PAUSE),
            Err(Conflict::Overtaken) => host.wait(backoff::<H>(arrived)),
            Err(Conflict::Failed(reason)) if is_state => {
                return emulator.unstorable(&reason, ambient.now).into();
            }
            // Where nothing can be counted, every request is the first one.
            Ok(()) | Err(Conflict::Failed(_)) => return finish(emulator, host, outcome, arrived),
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

/// Stores the next document if it is still the expected one that stands there.
///
/// Two of Spin's stores need help. The one in a file lets two writers swap
/// where nothing was, and the later one wins: they take turns. The one on
/// Redis reports every swap as failed: what stands there then tells.
fn replace(host: &mut impl Host, swap: &Swap) -> Result<(), Conflict> {
    let (expected, next) = (swap.expected.as_deref(), &*swap.next);
    // A store that cannot count has a better swap.
    let is_others_turn = |turn| turn % TURNS != 1;
    if expected.is_none() && host.increment(FIRST_KEY).is_ok_and(is_others_turn) {
        return Err(Conflict::NotNext);
    }
    match host.swap(swap.key, expected, next) {
        Ok(Swapped::Done) => Ok(()),
        Ok(Swapped::Refused(now)) if now.as_deref() == Some(next) => Ok(()),
        Ok(Swapped::Refused(_)) => Err(Conflict::Overtaken),
        Err(reason) => Err(Conflict::Failed(reason)),
    }
}

/// Does what else the outcome asks for.
fn finish<H: Host>(
    emulator: &mut Emulator,
    host: &mut H,
    outcome: Outcome,
    arrived: Duration,
) -> Answer {
    if let Some((key, value)) = outcome.keep {
        host.set(&key, &value);
    }
    for key in outcome.forget {
        host.delete(&key);
    }
    // Before the client has the answer: it may ask for the journal next, and
    // not every client sees the end of the wait.
    if let Some(entry) = outcome.entry {
        let course = Course {
            arrived: nanoseconds(arrived),
            took: H::now().saturating_sub(arrived) + outcome.delay,
            random: H::random,
        };
        emulator.record(entry, course, host);
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
fn ambient<H: Host>(method: &Method, arrived: Duration) -> Ambient {
    Ambient {
        now: UnixMillis(i64::try_from(arrived.as_millis()).unwrap_or_default()),
        entropy: if method.is_safe() {
            [0; 32]
        } else {
            H::random_bytes()
        },
    }
}

/// How long an overtaken writer lets others go first: a random time, about as
/// long as the request has taken so far, so that many do not keep overtaking
/// each other.
fn backoff<H: Host>(arrived: Duration) -> Duration {
    let spent = H::now().saturating_sub(arrived).as_millis().clamp(1, 1000);
    let spent = u64::try_from(spent).unwrap_or(1000);
    Duration::from_nanos(H::random() % (spent * 2_000_000))
}

/// A time as hosts count it.
pub fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

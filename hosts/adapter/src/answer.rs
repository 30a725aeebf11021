//! One request: load the state, ask the core, store what it wants stored.

use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{Method, Request, StatusCode};
use imdsim::{
    Connection, Delivery, Emulator, MetadataResponse, Outcome, RequestContext, RequestTiming,
    STATE_KEY, Swap, UnixMillis,
};

use crate::host::{Host, Swapped};
use crate::{waiting, writers};

/// How often a change of the state is tried again when other writers come first.
const MAX_CHANGES: usize = 100;

/// How often a count is. Then the request is answered as if it had been counted:
/// nobody should wait for that longer, nor be refused for it.
const MAX_COUNTS: usize = 32;

/// How long the writer has that may make a document where there is none.
const TURN: Duration = Duration::from_secs(1);

/// What a client gets, and when.
#[derive(Debug)]
pub struct Answer {
    /// The response.
    pub reply: MetadataResponse,
    /// How much of it the client gets.
    pub delivery: Delivery,
    /// How long to wait before it is sent.
    pub delay: Duration,
    /// The fault that applied to the request, by its id.
    pub fault: Option<String>,
}

impl Answer {
    /// A refusal of the host's side, which has nothing but a status.
    pub fn refuse(status: StatusCode) -> Self {
        Self::from(MetadataResponse {
            status,
            headers: vec![(CONTENT_LENGTH, "0".into())],
            body: Vec::new(),
        })
    }
}

/// Who waits before a delayed answer is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The host, which can wait for as many as it likes.
    Host,
    /// This instance of the component, of which the host has but few.
    Instance,
}

/// Why a change was not stored.
enum Conflict {
    /// Another writer changed the document since it was read, or is to make it.
    Overtaken,
    /// The store refused, in its own words.
    Failed(String),
}

/// Loads the state, asks the core, and stores what it wants stored; when
/// another writer came first, all of it again.
pub fn answer<H: Host>(
    emulator: &mut Emulator,
    host: &mut H,
    connection: Connection,
    waiting: Waiting,
    request: &Request<Vec<u8>>,
) -> Answer {
    let arrived = H::now();
    let mut context = context::<H>(request.method(), arrived, connection);
    let mut attempts = 0;
    loop {
        let stored = host.read(STATE_KEY);
        let state = stored.as_ref().ok().and_then(|bytes| bytes.as_deref());
        let outcome = emulator.answer(state, context, request, host);
        let Some(swap) = &outcome.swap else {
            return finish(emulator, host, waiting, outcome, arrived);
        };
        let is_state = swap.key == STATE_KEY;
        let swapped = match stored {
            Err(reason) if is_state => Err(Conflict::Failed(reason)),
            _ => replace(host, swap, H::now().saturating_sub(arrived)),
        };
        attempts += 1;
        let reason = match swapped {
            Ok(()) => return finish(emulator, host, waiting, outcome, arrived),
            Err(Conflict::Overtaken) if attempts < max_attempts(is_state) => {
                host.wait(backoff::<H>(arrived));
                // What is counted by the second is counted in the one it is by now.
                context.now = milliseconds(H::now());
                continue;
            }
            Err(Conflict::Overtaken) => "other writers kept coming first".to_owned(),
            Err(Conflict::Failed(reason)) => reason,
        };
        if is_state {
            return emulator.unstorable(&reason, context.now).into();
        }
        // A read does not fail because it could not be counted.
        return finish(emulator, host, waiting, outcome, arrived);
    }
}

const fn max_attempts(is_state: bool) -> usize {
    if is_state { MAX_CHANGES } else { MAX_COUNTS }
}

impl From<MetadataResponse> for Answer {
    fn from(reply: MetadataResponse) -> Self {
        Self {
            reply,
            delivery: Delivery::Complete,
            delay: Duration::ZERO,
            fault: None,
        }
    }
}

/// Stores the next document if it is still the expected one that stands there;
/// the request has taken so long by now.
///
/// Two of Spin's stores need help. The one in a file lets two writers swap
/// where nothing was, and the later one wins: there, the first one to come may
/// go ahead and has a second for it; had it died, the next second is another's.
/// The one on Redis reports every swap as failed: whether the document that
/// stands there then was signed by this writer tells.
fn replace<H: Host>(host: &mut H, swap: &Swap, spent: Duration) -> Result<(), Conflict> {
    let expected = swap.expected.as_deref();
    if expected.is_none() {
        let turn = spent.as_secs() / TURN.as_secs();
        let writers = host.increment(&format!("{}/writers/{turn}", swap.key), 1);
        // A store that cannot count has a better swap.
        if writers.is_ok_and(|writers| writers > 1) {
            return Err(Conflict::Overtaken);
        }
    }
    let name = writers::name(H::random());
    let next = writers::sign(&swap.next, expected, &name);
    match host.swap(swap.key, expected, &next) {
        Ok(Swapped::Done) => Ok(()),
        Ok(Swapped::Refused(now)) if writers::is_signed(now.as_deref(), &name) => Ok(()),
        Ok(Swapped::Refused(_)) => Err(Conflict::Overtaken),
        Err(reason) => Err(Conflict::Failed(reason)),
    }
}

/// Does what else the outcome asks for.
fn finish<H: Host>(
    emulator: &mut Emulator,
    host: &mut H,
    waiting: Waiting,
    mut outcome: Outcome,
    arrived: Duration,
) -> Answer {
    if waiting == Waiting::Instance {
        waiting::limit(host, &mut outcome);
    }
    if let Some((key, value)) = outcome.cache_entry {
        host.set(&key, &value);
    }
    for key in outcome.delete_keys {
        host.delete(&key);
    }
    // Before the client has the answer: it may ask for the journal next, and
    // not every client sees the end of the wait.
    if let Some(entry) = outcome.entry {
        let timing = RequestTiming {
            arrived: nanoseconds(arrived),
            took: H::now().saturating_sub(arrived) + outcome.delay,
            random: H::random,
        };
        emulator.record(entry, timing, host);
    }
    Answer {
        reply: outcome.response,
        delivery: outcome.delivery,
        delay: outcome.delay,
        fault: outcome.fault,
    }
}

/// The time, and random bytes where something could come of them: a safe
/// method changes nothing (RFC 9110, section 9.2.1), and most requests are
/// spared the asking.
fn context<H: Host>(method: &Method, arrived: Duration, connection: Connection) -> RequestContext {
    RequestContext {
        now: milliseconds(arrived),
        entropy: if method.is_safe() {
            [0; 32]
        } else {
            H::random_bytes()
        },
        connection,
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

/// A time as the core counts it.
fn milliseconds(time: Duration) -> UnixMillis {
    UnixMillis(i64::try_from(time.as_millis()).unwrap_or_default())
}

/// A time as hosts count it.
pub fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

//! Request handling: load the state, call the core, store the changes.

use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{Method, Request, StatusCode};
use imdsim::{
    Connection, Delivery, Emulator, Entry, MetadataResponse, Outcome, RecordedRequest,
    RequestContext, STATE_KEY, Swap, UnixMillis,
};

use crate::host::{Host, Swapped};
use crate::{waiting, writers};

/// Maximum attempts to store a state change when other writers win the race.
const MAX_STATE_ATTEMPTS: usize = 100;

/// Maximum attempts to store counters. After the last one the request is
/// answered as if it had been counted, rather than delayed further or rejected.
const MAX_COUNTER_ATTEMPTS: usize = 32;

/// Time that one writer has to create a missing document.
const CREATION_TURN: Duration = Duration::from_secs(1);

/// Length in bytes above which a state document is stored under a key of its own,
/// so that requests for stored pages need not read it.
const MAX_HEAD_LEN: usize = 2048;

/// A response and its delivery.
#[derive(Debug)]
pub struct Answer {
    /// The response.
    pub response: MetadataResponse,
    /// How much of the response is sent.
    pub delivery: Delivery,
    /// Delay before the response is sent.
    pub delay: Duration,
    /// Id of the fault that applied to the request.
    pub fault: Option<String>,
    /// The journal entry that the host has to record.
    pub entry: Option<Entry>,
}

impl Answer {
    /// Rejects a request on the host side, with a status and an empty body.
    pub fn reject(status: StatusCode) -> Self {
        Self::from(MetadataResponse {
            status,
            headers: vec![(CONTENT_LENGTH, "0".into())],
            body: Vec::new(),
        })
    }
}

/// Which side finishes an answer: waits before sending a delayed response, and
/// records the journal entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishedBy {
    /// The host, which can delay any number of responses.
    Host,
    /// This component instance; the host has only a limited number of them.
    Instance,
}

/// The reason that a change was not stored.
enum Conflict {
    /// Another writer changed the document since it was read, or is creating it.
    Overtaken,
    /// The store failed, with its error message.
    Failed(String),
}

/// Loads the state, calls the core, and stores the changes. Repeats all of it
/// when another writer wins the race.
pub fn answer<H: Host>(
    emulator: &mut Emulator,
    host: &mut H,
    connection: Connection,
    finished_by: FinishedBy,
    request: &Request<Vec<u8>>,
) -> Answer {
    let arrived = host.arrived();
    let mut context = context::<H>(request.method(), arrived, connection);
    let mut attempts = 0;
    loop {
        let stored = host.read_state();
        let state = stored.as_ref().ok().and_then(Option::as_ref);
        let outcome = emulator.answer(state, context, request, host);
        if outcome.lacks_body && attempts < MAX_STATE_ATTEMPTS && host.read_state() != stored {
            attempts += 1;
            continue;
        }
        let Some(swap) = &outcome.swap else {
            return finish(emulator, host, finished_by, request, outcome, arrived);
        };
        let is_state = swap.key == STATE_KEY;
        let swapped = match stored {
            Err(reason) if is_state => Err(Conflict::Failed(reason)),
            _ => replace(host, finished_by, swap, H::now().saturating_sub(arrived)),
        };
        attempts += 1;
        let reason = match swapped {
            Ok(()) => return finish(emulator, host, finished_by, request, outcome, arrived),
            Err(Conflict::Overtaken) if attempts < max_attempts(is_state) => {
                host.wait(backoff::<H>(arrived));
                // Counters per second use the time of the retry.
                context.now = milliseconds(H::now());
                continue;
            }
            Err(Conflict::Overtaken) => "other writers kept coming first".to_owned(),
            Err(Conflict::Failed(reason)) => reason,
        };
        if is_state {
            return emulator.unstorable(&reason, context.now).into();
        }
        // A read must not fail when its counters cannot be stored.
        return finish(emulator, host, finished_by, request, outcome, arrived);
    }
}

const fn max_attempts(is_state: bool) -> usize {
    if is_state {
        MAX_STATE_ATTEMPTS
    } else {
        MAX_COUNTER_ATTEMPTS
    }
}

impl From<MetadataResponse> for Answer {
    fn from(response: MetadataResponse) -> Self {
        Self {
            response,
            delivery: Delivery::Complete,
            delay: Duration::ZERO,
            fault: None,
            entry: None,
        }
    }
}

/// Stores the next document if the stored one is still the expected one.
/// `spent` is the time since the request arrived.
///
/// Works around two of Spin's stores:
///
/// * The `SQLite` store lets two writers create the same document, and the later
///   one wins. In each second of waiting, only the first writer may create it; if
///   that writer dies, another one can in the next second.
/// * The Redis store reports every swap as failed. The swap succeeded if the
///   stored document carries the signature of this writer.
fn replace<H: Host>(
    host: &mut H,
    finished_by: FinishedBy,
    swap: &Swap,
    spent: Duration,
) -> Result<(), Conflict> {
    let expected = swap.expected.as_ref().map(|expected| &***expected);
    if expected.is_none() {
        let turn = spent.as_secs() / CREATION_TURN.as_secs();
        let writers = host.increment(&format!("{}/writers/{turn}", swap.key), 1);
        // A store without counters has a reliable swap.
        if writers.is_ok_and(|writers| writers > 1) {
            return Err(Conflict::Overtaken);
        }
    }
    let name = writers::name(H::random());
    // An instance that answers many requests reads the document once.
    let splits = finished_by == FinishedBy::Instance && swap.key == STATE_KEY;
    let body = (splits && swap.next.len() > MAX_HEAD_LEN).then(|| format!("{STATE_KEY}/{name}"));
    let next = match &body {
        Some(key) => {
            store_body(host, key, &swap.next)?;
            &imdsim::reference(key)
        }
        None => &swap.next,
    };
    let next = writers::sign(next, expected, &name);
    let swapped = match host.swap(swap.key, expected, &next) {
        Ok(Swapped::Done) => Ok(()),
        Ok(Swapped::Rejected(now)) if writers::is_signed(now.as_deref(), &name) => Ok(()),
        Ok(Swapped::Rejected(_)) => Err(Conflict::Overtaken),
        Err(reason) => Err(Conflict::Failed(reason)),
    };
    let obsolete = match swapped {
        Ok(()) => expected.and_then(imdsim::body_key),
        // The store may have made a swap that it reports as failed.
        Err(Conflict::Failed(_)) => None,
        Err(Conflict::Overtaken) => body.as_deref(),
    };
    if let Some(key) = obsolete {
        host.delete(key);
    }
    swapped
}

/// Stores the document that a reference will name, under a key of its own.
fn store_body<H: Host>(host: &mut H, key: &str, document: &[u8]) -> Result<(), Conflict> {
    match host.swap(key, None, document) {
        Ok(Swapped::Done) => Ok(()),
        // The Redis store reports every swap as failed.
        Ok(Swapped::Rejected(now)) if now.as_deref() == Some(document) => Ok(()),
        Ok(Swapped::Rejected(_)) => Err(Conflict::Overtaken),
        Err(reason) => Err(Conflict::Failed(reason)),
    }
}

/// Applies the rest of the outcome: delay limit, cache, deletions, journal.
fn finish<H: Host>(
    emulator: &mut Emulator,
    host: &mut H,
    finished_by: FinishedBy,
    request: &Request<Vec<u8>>,
    mut outcome: Outcome,
    arrived: Duration,
) -> Answer {
    if finished_by == FinishedBy::Instance {
        waiting::limit(host, &mut outcome);
    }
    if let Some((key, value)) = outcome.cache_entry {
        host.set(&key, &value);
    }
    for key in outcome.delete_keys {
        host.delete(&key);
    }
    // Before the response is sent: the client may read the journal next, or
    // disconnect during the delay.
    if finished_by == FinishedBy::Instance
        && let Some(entry) = outcome.entry.take()
    {
        let recorded = RecordedRequest {
            request,
            fault: outcome.fault.as_deref(),
            arrived: nanoseconds(arrived),
            took: H::now().saturating_sub(arrived) + outcome.delay,
        };
        emulator.record(entry, &recorded, H::random, host);
    }
    Answer {
        response: outcome.response,
        delivery: outcome.delivery,
        delay: outcome.delay,
        fault: outcome.fault,
        entry: outcome.entry,
    }
}

/// The context of a request. Safe methods (RFC 9110, section 9.2.1) need no
/// random bytes, which saves a host call for most requests.
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

/// Random delay before a retry, on average as long as the request has taken so
/// far, so that concurrent writers spread out.
fn backoff<H: Host>(arrived: Duration) -> Duration {
    let spent = H::now().saturating_sub(arrived).as_millis().clamp(1, 1000);
    let spent = u64::try_from(spent).unwrap_or(1000);
    Duration::from_nanos(H::random() % (spent * 2_000_000))
}

/// Converts a time to the core's unit.
fn milliseconds(time: Duration) -> UnixMillis {
    UnixMillis(i64::try_from(time.as_millis()).unwrap_or_default())
}

/// Converts a time to nanoseconds, the unit of the host interfaces.
pub fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

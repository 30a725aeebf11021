//! The emulator as a WASI 0.2 component.
//!
//! An adapter and no more: it reads the request, the clock, random bytes and
//! the state document, asks the core what to answer, stores what the core
//! wants stored, waits if told to, and writes the response. What a client sees
//! is decided in the core.
#![cfg(target_family = "wasm")]

mod http;
mod store;

mod bindings {
    #![allow(missing_docs, unsafe_code, reason = "generated from wit/")]
    #![allow(
        clippy::pedantic,
        clippy::allow_attributes_without_reason,
        reason = "generated from wit/"
    )]
    wit_bindgen::generate!({
        path: "../../wit",
        world: "imdsim:emulator/emulator",
        generate_all,
        ownership: Borrowing { duplicate_if_necessary: false },
    });
}

use std::cell::RefCell;
use std::time::Duration;

use ::http::Method;
use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::clocks::{monotonic_clock, wall_clock};
use bindings::wasi::http::types::{IncomingRequest, ResponseOutparam};
use bindings::wasi::random::random::{get_random_bytes, get_random_u64};
use imdsim::{Ambient, Emulator, Outcome, UnixMillis};
use store::{Conflict, Slot};

/// How often a change is tried again when other writers come first.
const MAX_ATTEMPTS: usize = 100;

thread_local! {
    /// The settings of this instance, and what the core derived from them and
    /// from the last state document; the core compares that document's bytes
    /// before it uses what it kept.
    static EMULATOR: RefCell<Emulator> = RefCell::new(Emulator::from_env(std::env::vars()));

    static SLOT: RefCell<Slot> = const { RefCell::new(Slot::new()) };
}

struct Component;

impl Guest for Component {
    fn handle(incoming: IncomingRequest, response_out: ResponseOutparam) {
        let request = http::read(&incoming);
        let response = EMULATOR.with_borrow_mut(|emulator| {
            SLOT.with_borrow_mut(|slot| answer(emulator, slot, &request))
        });
        http::write(response, response_out);
    }
}

/// Loads the state, asks the core, and stores what it wants stored; when
/// another writer came first, all of it again.
fn answer(
    emulator: &mut Emulator,
    slot: &mut Slot,
    request: &::http::Request<Vec<u8>>,
) -> ::http::Response<Vec<u8>> {
    let ambient = ambient(request.method());
    for _ in 0..MAX_ATTEMPTS {
        let stored = slot.read();
        let state = stored.as_ref().ok().and_then(|bytes| bytes.as_deref());
        emulator.recall(state, request, |key| slot.recall(key));
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

#[allow(unsafe_code, reason = "the generated glue needs it")]
mod export {
    use super::{Component, bindings};
    bindings::export!(Component with_types_in bindings);
}

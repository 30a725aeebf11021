//! How long, and how many at a time, answers may be held back where each keeps
//! an instance of the component waiting.
//!
//! Such hosts have a limited number of instances for all requests:
//! `wasmtime serve` has about 140 of the component with its file store. What
//! they share is the key-value store, so the time that is spent waiting is
//! summed up there, for each period of the clock in a number of its own. An
//! instance that is killed while it waits so leaves nothing behind that would
//! count for ever.

use std::time::Duration;

use imdsim::{Delivery, Outcome};

use crate::host::Host;

/// The longest wait, which is longer than clients of the service wait. After
/// it the connection closes instead of an answer. A period is as long.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// How many answers may be held back that long in each period. When one period
/// follows another there may be twice as many.
const MAX_WAITING: i64 = 32;

/// The longest wait where the store cannot count.
const MAX_UNCOUNTED_WAIT: Duration = Duration::from_secs(5);

/// Before the number of a period: the milliseconds waited for in it.
const PREFIX: &str = "imdsim/waiting/";

/// Shortens a wait that is too long, and has the connection close at once where
/// too many are waiting.
pub(crate) fn limit<H: Host>(host: &mut H, outcome: &mut Outcome) {
    if outcome.delay.is_zero() {
        return;
    }
    shorten(outcome, MAX_WAIT);
    let period = H::now().as_secs() / MAX_WAIT.as_secs();
    let wait = milliseconds(outcome.delay).max(1);
    match host.increment(&key(period), wait) {
        Ok(sum) if sum > MAX_WAITING * milliseconds(MAX_WAIT) => {
            shorten(outcome, Duration::ZERO);
        }
        // The first one of a period removes what is left of earlier ones.
        Ok(sum) if sum == wait => forget(host, period),
        Ok(_) => {}
        Err(_) => shorten(outcome, MAX_UNCOUNTED_WAIT),
    }
}

fn shorten(outcome: &mut Outcome, longest: Duration) {
    if outcome.delay > longest {
        outcome.delay = longest;
        outcome.delivery = Delivery::Aborted;
    }
}

fn forget(host: &mut impl Host, period: u64) {
    for key in host.keys() {
        let number = key.strip_prefix(PREFIX).map(str::parse::<u64>);
        if matches!(number, Some(Ok(number)) if number < period) {
            host.delete(&key);
        }
    }
}

fn key(period: u64) -> String {
    format!("{PREFIX}{period}")
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

//! Limits on the length and number of delayed responses where each one blocks a
//! component instance.
//!
//! Such hosts have a limited number of instances for all requests:
//! `wasmtime serve` has about 140 of the component with its file store. The
//! instances share only the key-value store, so the time spent waiting is summed
//! there, in one counter for each period of the clock. An instance killed while
//! it waits therefore counts only until its period ends.

use std::time::Duration;

use imdsim::{Delivery, Outcome};

use crate::host::Host;

/// The longest wait, and the length of a period. Longer than the timeouts of
/// IMDS clients. After it, the connection closes without a response.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// Number of responses that may be delayed by `MAX_WAIT` in each period. Around
/// the start of a period, twice as many can wait at once.
const MAX_WAITING: i64 = 32;

/// The longest wait on a store without counters.
const MAX_UNCOUNTED_WAIT: Duration = Duration::from_secs(5);

/// Key prefix of a period's counter, in milliseconds; the period number follows.
const PREFIX: &str = "imdsim/waiting/";

/// Shortens a wait that is too long, and closes the connection at once when too
/// many requests are waiting.
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
        // The first wait of a period deletes the counters of earlier periods.
        Ok(sum) if sum == wait => delete_earlier(host, period),
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

fn delete_earlier(host: &mut impl Host, period: u64) {
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

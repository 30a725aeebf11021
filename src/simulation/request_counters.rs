//! Request counters for faults that affect only some requests and notices that
//! only some clients see.
//!
//! They are stored apart from the state document, which reads never write.

use serde_json::{Value, json};

use super::fault::MatchedFault;
use super::frequency::Frequency;
use crate::small_sort;
use crate::time::UnixMillis;

/// The counters of one epoch; a reset starts over.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RequestCounters {
    /// The requests by fault.
    counts: Vec<(String, Count)>,
    /// The addresses of clients in order of their first request.
    clients: Vec<String>,
}

/// The requests that matched a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Count {
    /// All requests.
    seen: u64,
    /// The requests in the second `second`.
    lately: u64,
    second: i64,
}

impl Count {
    /// Counts a request at this time.
    fn add(&mut self, now: UnixMillis) {
        self.seen = self.seen.saturating_add(1);
        // A request counted late must not move the counter back to its own
        // second.
        let second = now.seconds();
        if second > self.second || second < self.second.saturating_sub(LATE) {
            self.second = second;
            self.lately = 0;
        }
        self.lately = self.lately.saturating_add(1);
    }
}

/// The maximum age in seconds of a request counted after later ones. A larger
/// step back means that the clock was set back.
const LATE: i64 = 5;

impl RequestCounters {
    /// Parses the stored counters; invalid entries are ignored.
    pub(crate) fn read(stored: Option<&[u8]>, epoch: &str) -> Self {
        let mut request_counters = Self::default();
        let Some(stored) = stored else {
            return request_counters;
        };
        let document: Value = serde_json::from_slice(stored).unwrap_or_default();
        if document["epoch"].as_str() != Some(epoch) {
            return request_counters;
        }
        for (fault, count) in document["faults"].as_object().into_iter().flatten() {
            let number = |index: usize| count[index].as_u64().unwrap_or(0);
            let count = Count {
                seen: number(0),
                lately: number(1),
                second: count[2].as_i64().unwrap_or(0),
            };
            request_counters.counts.push((fault.clone(), count));
        }
        let clients = document["clients"].as_array().into_iter().flatten();
        let clients = clients.filter_map(Value::as_str);
        request_counters.clients = clients.map(str::to_owned).collect();
        request_counters
    }

    /// The bytes to store.
    pub(crate) fn to_bytes(&self, epoch: &str) -> Vec<u8> {
        let counts = self.counts.iter().map(|(fault, count)| {
            let numbers = json!([count.seen, count.lately, count.second]);
            (fault.as_str(), numbers)
        });
        let document = json!({
            "epoch": epoch,
            "faults": small_sort::object(counts),
            "clients": self.clients,
        });
        document.to_string().into_bytes()
    }

    /// Counts a request that matches a fault and returns whether the fault
    /// affects it.
    pub(super) fn affects(&mut self, fault: &MatchedFault<'_>, now: UnixMillis) -> bool {
        let name = fault.counter_key();
        let known = self.counts.iter().position(|(fault, _)| *fault == name);
        let index = known.unwrap_or_else(|| {
            self.counts.push((name, Count::default()));
            self.counts.len() - 1
        });
        let (_, count) = &mut self.counts[index];
        count.add(now);
        match fault.fault.frequency {
            Frequency::Always => true,
            Frequency::Nth(number) => count.seen == u64::from(number),
            Frequency::First(number) => count.seen <= u64::from(number),
            Frequency::Share(share) => chance(count.seen) < share,
            Frequency::Throttle(rate) => count.lately > u64::from(rate),
        }
    }

    /// Removes the counters of all other faults.
    pub(crate) fn retain(&mut self, faults: impl Iterator<Item = String>) {
        let faults: Vec<_> = faults.collect();
        self.counts.retain(|(fault, _)| faults.contains(fault));
    }

    /// Whether a client is among the first `limit` clients; adds it if there is
    /// room.
    pub(crate) fn admits(&mut self, client: &str, limit: usize) -> bool {
        if self.clients.iter().any(|known| known == client) {
            return true;
        }
        let admitted = self.clients.len() < limit;
        if admitted {
            self.clients.push(client.to_owned());
        }
        admitted
    }
}

/// Returns a number in [0, 1) for the nth request: the fractional part of a
/// multiple of the golden ratio. These are evenly distributed, never in step with
/// a repeating client, and the same on every run.
fn chance(nth: u64) -> f64 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let top = u32::try_from(nth.wrapping_mul(GOLDEN) >> 32).unwrap_or(u32::MAX);
    f64::from(top) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_hold_for_any_run_of_requests() {
        for (share, expected) in [
            (0.0, 0..=0),
            (0.33, 32..=34),
            (0.5, 49..=51),
            (1.0, 100..=100),
        ] {
            for start in [1, 1000, 1 << 40] {
                let matched = (start..start + 100).filter(|nth| chance(*nth) < share);
                assert!(expected.contains(&matched.count()), "{share} from {start}");
            }
        }
    }

    #[test]
    fn stored_counters_are_valid_in_their_epoch_only() {
        let mut request_counters = RequestCounters::read(None, "1");
        assert!(request_counters.admits("10.0.0.1", 1));
        assert!(!request_counters.admits("10.0.0.2", 1));
        let count = Count {
            seen: 3,
            lately: 1,
            second: -5,
        };
        request_counters.counts.push(("a@1".into(), count));
        let stored = request_counters.to_bytes("1");
        assert_eq!(RequestCounters::read(Some(&stored), "1"), request_counters);
        assert_eq!(
            RequestCounters::read(Some(&stored), "2"),
            RequestCounters::read(None, "2")
        );
        assert_eq!(
            RequestCounters::read(Some(b"{"), "2"),
            RequestCounters::read(None, "2")
        );
    }

    #[test]
    fn late_requests_count_towards_the_current_second() {
        let mut count = Count::default();
        let lately = [10, 10, 11, 10, 11, 6, 12, 12, 11, 5].map(|second| {
            count.add(UnixMillis(second * 1000));
            count.lately
        });
        // The last request is too early to be late: the clock was set back.
        assert_eq!(lately, [1, 2, 1, 2, 3, 4, 1, 2, 3, 1]);
        assert_eq!(count.seen, 10);
    }
}

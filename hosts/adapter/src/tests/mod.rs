//! The request loop on stores that lose races.

mod split_state;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Request;
use imdsim::{COUNTERS_KEY, Connection, Delivery, Emulator, Store};

use super::{Answer, FinishedBy, Host, Swapped, answer};

const LEAF: &str = "/latest/meta-data/instance-id";
const FIRST: &str = r#"{"type": "fault", "status": 503, "first": "#;

/// How a store implements compare-and-swap.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Correctly.
    Sound,
    /// Like Spin's `SQLite` store: a swap that expects no value always succeeds.
    Sqlite,
    /// Like Spin's Redis store: correctly, but reports every swap as failed.
    Redis,
}

/// The store that several hosts share.
struct Values {
    kind: Kind,
    by_key: Mutex<BTreeMap<String, Vec<u8>>>,
    counts: bool,
}

impl Values {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            by_key: Mutex::default(),
            counts: true,
        }
    }

    /// A host that advances its clock instead of sleeping.
    fn host(&self) -> TestHost<'_> {
        TestHost {
            shared: self,
            before_swap: None,
            after_swap: None,
            really_waits: false,
            attempts: 0,
            waits: 0,
        }
    }

    fn keys(&self, prefix: &str) -> Vec<String> {
        let values = self.by_key.lock().unwrap();
        let keys = values.keys().filter(|key| key.starts_with(prefix));
        keys.cloned().collect()
    }
}

/// Action of another writer around a swap.
type SwapHook<'a> = Box<dyn FnMut() + 'a>;

struct TestHost<'a> {
    shared: &'a Values,
    /// Called just before each swap.
    before_swap: Option<SwapHook<'a>>,
    /// Called just after each swap.
    after_swap: Option<SwapHook<'a>>,
    really_waits: bool,
    attempts: usize,
    waits: usize,
}

thread_local! {
    /// Total length of the waits that advanced the clock without sleeping.
    static WAITED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

impl Host for TestHost<'_> {
    fn now() -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now + WAITED.get()
    }

    /// Never returns the same number twice.
    fn random() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        next.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn random_bytes() -> [u8; 32] {
        [7; 32]
    }

    fn wait(&mut self, delay: Duration) {
        self.waits += 1;
        if self.really_waits {
            std::thread::sleep(delay);
        } else {
            WAITED.set(WAITED.get() + delay);
        }
    }

    fn read(&mut self, key: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(self.get(key))
    }

    fn swap(&mut self, key: &str, expected: Option<&[u8]>, next: &[u8]) -> Result<Swapped, String> {
        self.attempts += 1;
        if let Some(before_swap) = &mut self.before_swap {
            before_swap();
        }
        let (stored, mut now) = {
            let mut values = self.shared.by_key.lock().unwrap();
            let wins = values.get(key).map(Vec::as_slice) == expected
                || self.shared.kind == Kind::Sqlite && expected.is_none();
            if wins {
                values.insert(key.to_owned(), next.to_vec());
            }
            // Read at once: in memory, thousands of writers could follow while this
            // thread waits for a processor, and a document names only the last few.
            (wins, values.get(key).cloned())
        };
        if let Some(after_swap) = &mut self.after_swap {
            after_swap();
            now = self.get(key);
        }
        Ok(if stored && self.shared.kind != Kind::Redis {
            Swapped::Done
        } else {
            Swapped::Rejected(now)
        })
    }

    fn increment(&mut self, key: &str, by: i64) -> Result<i64, String> {
        if self.shared.counts {
            Ok(self.shared.by_key.lock().unwrap().add(key, by))
        } else {
            Err("it cannot count".into())
        }
    }
}

impl Store for TestHost<'_> {
    fn get(&mut self, key: &str) -> Option<Vec<u8>> {
        self.shared.by_key.lock().unwrap().get(key).cloned()
    }

    fn set(&mut self, key: &str, value: &[u8]) {
        Store::set(&mut *self.shared.by_key.lock().unwrap(), key, value);
    }

    fn delete(&mut self, key: &str) {
        self.shared.by_key.lock().unwrap().remove(key);
    }

    fn keys(&mut self) -> Vec<String> {
        self.shared.keys("")
    }

    fn add(&mut self, key: &str, by: i64) -> i64 {
        self.increment(key, by).unwrap_or(0)
    }
}

fn emulator(fault: &str) -> Emulator {
    Emulator::from_env([("IMDSIM_TIMELINE".to_owned(), format!("[{fault}]"))])
}

fn first(number: usize) -> Emulator {
    emulator(&format!("{FIRST}{number}}}"))
}

fn get(emulator: &mut Emulator, host: &mut TestHost<'_>) -> Answer {
    let request = Request::get(LEAF).body(Vec::new()).unwrap();
    answer(
        emulator,
        host,
        Connection::Loopback,
        FinishedBy::Instance,
        &request,
    )
}

/// Sends a state change and returns its status.
fn put(emulator: &mut Emulator, host: &mut TestHost<'_>) -> u16 {
    let request = Request::put("/_imdsim/overrides/meta-data/x").header("host", "localhost");
    let request = request.body(b"x".to_vec()).unwrap();
    let answer = answer(
        emulator,
        host,
        Connection::Loopback,
        FinishedBy::Instance,
        &request,
    );
    answer.response.status.as_u16()
}

/// Number of requests counted.
fn counted(values: &Values) -> u64 {
    let stored = Store::get(&mut *values.by_key.lock().unwrap(), COUNTERS_KEY).unwrap();
    let counters: serde_json::Value = serde_json::from_slice(&stored).unwrap();
    let mut faults = counters["faults"].as_object().unwrap().values();
    faults.next().unwrap()[0].as_u64().unwrap()
}

const KINDS: [Kind; 3] = [Kind::Sound, Kind::Sqlite, Kind::Redis];

#[test]
fn first_counter_update_after_a_change_is_stored_at_the_first_attempt() {
    for kind in KINDS {
        let values = Values::new(kind);
        let (mut host, mut emulator) = (values.host(), first(1));
        assert_eq!(put(&mut emulator, &mut host), 200);
        assert_eq!((host.attempts, host.waits), (1, 0), "{kind:?}");
        assert_eq!(get(&mut emulator, &mut host).response.status, 503);
        assert_eq!((host.attempts, host.waits), (2, 0), "{kind:?}");
        assert_eq!(get(&mut emulator, &mut host).response.status, 200);
        assert_eq!((host.attempts, host.waits), (3, 0), "{kind:?}");
    }
}

#[test]
fn counter_update_is_retried_after_losing_to_an_identical_update() {
    for kind in KINDS {
        let values = Values::new(kind);
        get(&mut first(2), &mut values.host());
        let mut other = Some(first(2));
        let mut host = values.host();
        host.before_swap = Some(Box::new(|| {
            if let Some(mut other) = other.take() {
                let status = get(&mut other, &mut values.host()).response.status;
                assert_eq!(status, 503, "the second one");
            }
        }));
        assert_eq!(
            get(&mut first(2), &mut host).response.status,
            200,
            "{kind:?}"
        );
        assert_eq!(host.attempts, 2, "{kind:?}");
        assert_eq!(counted(&values), 3, "{kind:?}");
    }
}

/// 1,280 concurrent requests on each kind of store, which is empty at first.
#[test]
fn concurrent_requests_get_exactly_the_configured_number_of_faults() {
    for kind in KINDS {
        let values = Values::new(kind);
        let failed: usize = std::thread::scope(|scope| {
            let clients = [(); 16].map(|()| {
                scope.spawn(|| {
                    let (mut host, mut emulator) = (values.host(), first(500));
                    host.really_waits = true;
                    let statuses = (0..80).map(|_| get(&mut emulator, &mut host).response.status);
                    statuses.filter(|status| *status == 503).count()
                })
            });
            clients
                .into_iter()
                .map(|client| client.join().unwrap())
                .sum()
        });
        assert_eq!(failed, 500, "{kind:?}");
        assert_eq!(counted(&values), 1280, "{kind:?}");
    }
}

#[test]
fn reads_succeed_when_counter_updates_keep_losing() {
    let values = Values::new(Kind::Sound);
    let number = Cell::new(0);
    let mut host = values.host();
    host.before_swap = Some(Box::new(|| {
        number.set(number.get() + 1);
        let other = format!(r#"{{"number":{}}}"#, number.get());
        values.host().set(COUNTERS_KEY, other.as_bytes());
    }));
    assert_eq!(get(&mut first(1), &mut host).response.status, 503);
    let answer = get(
        &mut emulator(r#"{"type": "fault", "status": 503, "nth": 2}"#),
        &mut host,
    );
    assert_eq!(answer.response.status, 200);
    assert_eq!(host.attempts, 64);
}

#[test]
fn change_that_keeps_losing_is_rejected_with_503() {
    let values = Values::new(Kind::Sound);
    let mut other = first(1);
    let mut host = values.host();
    host.before_swap = Some(Box::new(|| {
        assert_eq!(put(&mut other, &mut values.host()), 200);
    }));
    assert_eq!(put(&mut first(1), &mut host), 503);
    assert_eq!(host.attempts, 100);
}

#[test]
fn redis_writer_recognises_its_change_below_later_ones() {
    let values = Values::new(Kind::Redis);
    let mut other = first(500);
    let mut host = values.host();
    host.after_swap = Some(Box::new(|| {
        for _ in 0..7 {
            get(&mut other, &mut values.host());
        }
    }));
    get(&mut first(500), &mut host);
    assert_eq!(host.attempts, 1);
    assert_eq!(counted(&values), 8);
}

#[test]
fn only_one_sqlite_writer_creates_the_document() {
    let values = Values::new(Kind::Sqlite);
    let mut other = values.host();
    let mut host = values.host();
    host.before_swap = Some(Box::new(|| {
        // The second writer does not write.
        assert!(other.increment("imdsim/tally/writers/0", 1).unwrap() > 1);
    }));
    assert_eq!(get(&mut first(1), &mut host).response.status, 503);
    assert_eq!((host.attempts, host.waits), (1, 0));
}

#[test]
fn writer_that_died_before_creating_the_document_delays_others_once() {
    for kind in KINDS {
        let values = Values::new(kind);
        values
            .host()
            .increment("imdsim/tally/writers/0", 1)
            .unwrap();
        let mut host = values.host();
        assert_eq!(get(&mut first(1), &mut host).response.status, 503);
        assert_eq!(host.attempts, 1, "{kind:?}");
        assert!((1..30).contains(&host.waits), "{kind:?}: {}", host.waits);
        assert_eq!(counted(&values), 1, "{kind:?}");
    }
}

const STALL: &str = r#"{"type": "fault", "stall": true}"#;

#[test]
fn stalls_are_limited_in_length_and_number() {
    let values = Values::new(Kind::Sound);
    let (mut host, mut emulator) = (values.host(), emulator(STALL));
    let mut waiting = 0;
    for _ in 0..200 {
        let answer = get(&mut emulator, &mut host);
        assert_eq!(answer.delivery, Delivery::Aborted);
        assert!(answer.delay.is_zero() || answer.delay == Duration::from_secs(20));
        waiting += usize::from(!answer.delay.is_zero());
    }
    // Up to twice as many if a new period began in between.
    assert!(waiting == 32 || waiting <= 64 && values.keys("imdsim/waiting/").len() > 1);
    // In a later period requests can wait again, and old counters are deleted.
    host.wait(Duration::from_secs(40));
    assert!(!get(&mut emulator, &mut host).delay.is_zero());
    assert_eq!(values.keys("imdsim/waiting/").len(), 1);
}

#[test]
fn stalls_are_short_on_stores_without_counters() {
    let mut values = Values::new(Kind::Sound);
    values.counts = false;
    let answer = get(&mut emulator(STALL), &mut values.host());
    assert_eq!(
        (answer.delay, answer.delivery),
        (Duration::from_secs(5), Delivery::Aborted)
    );
}

#[test]
fn short_delays_are_kept_exactly() {
    let slow = r#"{"type": "fault", "delay": "2s"}"#;
    for counts in [true, false] {
        let mut values = Values::new(Kind::Sound);
        values.counts = counts;
        let answer = get(&mut emulator(slow), &mut values.host());
        assert_eq!(
            (answer.delay, answer.delivery),
            (Duration::from_secs(2), Delivery::Complete)
        );
    }
}

#[test]
fn stalls_are_not_shortened_when_the_host_waits() {
    let values = Values::new(Kind::Sound);
    let request = Request::get(LEAF).body(Vec::new()).unwrap();
    let answer = answer(
        &mut emulator(STALL),
        &mut values.host(),
        Connection::Loopback,
        FinishedBy::Host,
        &request,
    );
    assert!(answer.delay >= Duration::from_hours(1));
    assert!(values.keys("imdsim/waiting/").is_empty());
}

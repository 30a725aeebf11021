//! The request loop on stores that lose races.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Request;
use imdsim::{COUNTERS_KEY, Connection, Delivery, Emulator, Store};

use super::{Answer, Host, Swapped, Waiting, answer};

const LEAF: &str = "/latest/meta-data/instance-id";
const FIRST: &str = r#"{"type": "fault", "status": 503, "first": "#;

/// How a store swaps.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// As it should.
    Sound,
    /// As Spin's store in a file: where nothing was seen, whatever is there now.
    Sqlite,
    /// As Spin's Redis store: as it should, but says that it did not.
    Redis,
}

/// The values that hosts share.
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

    /// A host that does not really wait, and an emulator with a timeline.
    fn host(&self) -> TestHost<'_> {
        TestHost {
            shared: self,
            rivals: None,
            followers: None,
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

/// What another writer does at a moment.
type Rival<'a> = Box<dyn FnMut() + 'a>;

struct TestHost<'a> {
    shared: &'a Values,
    /// What happens just before each swap, and just after it.
    rivals: Option<Rival<'a>>,
    followers: Option<Rival<'a>>,
    really_waits: bool,
    attempts: usize,
    waits: usize,
}

thread_local! {
    /// How far waits that took no time have put the clock forward.
    static WAITED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

impl Host for TestHost<'_> {
    fn now() -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now + WAITED.get()
    }

    /// Never the same twice.
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
        if let Some(rivals) = &mut self.rivals {
            rivals();
        }
        let stored = {
            let mut values = self.shared.by_key.lock().unwrap();
            let wins = values.get(key).map(Vec::as_slice) == expected
                || self.shared.kind == Kind::Sqlite && expected.is_none();
            if wins {
                values.insert(key.to_owned(), next.to_vec());
            }
            wins
        };
        if let Some(followers) = &mut self.followers {
            followers();
        }
        Ok(if stored && self.shared.kind != Kind::Redis {
            Swapped::Done
        } else {
            Swapped::Refused(self.get(key))
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
        Waiting::Instance,
        &request,
    )
}

/// The status of a change of the state.
fn put(emulator: &mut Emulator, host: &mut TestHost<'_>) -> u16 {
    let request = Request::put("/_imdsim/overrides/meta-data/x").header("host", "localhost");
    let request = request.body(b"x".to_vec()).unwrap();
    let answer = answer(
        emulator,
        host,
        Connection::Loopback,
        Waiting::Instance,
        &request,
    );
    answer.reply.status.as_u16()
}

/// How many requests were counted.
fn counted(values: &Values) -> u64 {
    let stored = Store::get(&mut *values.by_key.lock().unwrap(), COUNTERS_KEY).unwrap();
    let counters: serde_json::Value = serde_json::from_slice(&stored).unwrap();
    let mut faults = counters["faults"].as_object().unwrap().values();
    faults.next().unwrap()[0].as_u64().unwrap()
}

const KINDS: [Kind; 3] = [Kind::Sound, Kind::Sqlite, Kind::Redis];

#[test]
fn the_first_count_after_a_change_is_stored_at_the_first_attempt() {
    for kind in KINDS {
        let values = Values::new(kind);
        let (mut host, mut emulator) = (values.host(), first(1));
        assert_eq!(put(&mut emulator, &mut host), 200);
        assert_eq!((host.attempts, host.waits), (1, 0), "{kind:?}");
        assert_eq!(get(&mut emulator, &mut host).reply.status, 503);
        assert_eq!((host.attempts, host.waits), (2, 0), "{kind:?}");
        assert_eq!(get(&mut emulator, &mut host).reply.status, 200);
        assert_eq!((host.attempts, host.waits), (3, 0), "{kind:?}");
    }
}

#[test]
fn a_request_whose_count_is_overtaken_by_the_same_count_counts_again() {
    for kind in KINDS {
        let values = Values::new(kind);
        get(&mut first(2), &mut values.host());
        let mut other = Some(first(2));
        let mut host = values.host();
        host.rivals = Some(Box::new(|| {
            if let Some(mut other) = other.take() {
                let status = get(&mut other, &mut values.host()).reply.status;
                assert_eq!(status, 503, "the second one");
            }
        }));
        assert_eq!(get(&mut first(2), &mut host).reply.status, 200, "{kind:?}");
        assert_eq!(host.attempts, 2, "{kind:?}");
        assert_eq!(counted(&values), 3, "{kind:?}");
    }
}

/// 1,280 requests at once on each kind of store, from before anything is stored.
#[test]
fn exactly_as_many_requests_are_struck_as_a_fault_says_however_many_come_at_once() {
    for kind in KINDS {
        let values = Values::new(kind);
        let failed: usize = std::thread::scope(|scope| {
            let clients = [(); 16].map(|()| {
                scope.spawn(|| {
                    let (mut host, mut emulator) = (values.host(), first(500));
                    host.really_waits = true;
                    let statuses = (0..80).map(|_| get(&mut emulator, &mut host).reply.status);
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
fn a_read_does_not_fail_for_a_count_that_others_keep_overtaking() {
    let values = Values::new(Kind::Sound);
    let number = Cell::new(0);
    let mut host = values.host();
    host.rivals = Some(Box::new(|| {
        number.set(number.get() + 1);
        let other = format!(r#"{{"number":{}}}"#, number.get());
        values.host().set(COUNTERS_KEY, other.as_bytes());
    }));
    assert_eq!(get(&mut first(1), &mut host).reply.status, 503);
    let answer = get(
        &mut emulator(r#"{"type": "fault", "status": 503, "nth": 2}"#),
        &mut host,
    );
    assert_eq!(answer.reply.status, 200);
    assert_eq!(host.attempts, 64);
}

#[test]
fn a_change_that_others_keep_overtaking_is_refused_and_says_so() {
    let values = Values::new(Kind::Sound);
    let mut other = first(1);
    let mut host = values.host();
    host.rivals = Some(Box::new(|| {
        assert_eq!(put(&mut other, &mut values.host()), 200);
    }));
    assert_eq!(put(&mut first(1), &mut host), 503);
    assert_eq!(host.attempts, 100);
}

#[test]
fn on_redis_a_writer_finds_its_change_below_those_that_followed() {
    let values = Values::new(Kind::Redis);
    let mut other = first(500);
    let mut host = values.host();
    host.followers = Some(Box::new(|| {
        for _ in 0..7 {
            get(&mut other, &mut values.host());
        }
    }));
    get(&mut first(500), &mut host);
    assert_eq!(host.attempts, 1);
    assert_eq!(counted(&values), 8);
}

#[test]
fn on_sqlite_one_writer_makes_the_document_and_the_others_come_after_it() {
    let values = Values::new(Kind::Sqlite);
    let mut other = values.host();
    let mut host = values.host();
    host.rivals = Some(Box::new(|| {
        // It came second and did not write.
        assert!(other.increment("imdsim/tally/writers/0", 1).unwrap() > 1);
    }));
    assert_eq!(get(&mut first(1), &mut host).reply.status, 503);
    assert_eq!((host.attempts, host.waits), (1, 0));
}

#[test]
fn a_writer_that_died_before_there_was_a_document_is_waited_for_once() {
    for kind in KINDS {
        let values = Values::new(kind);
        values
            .host()
            .increment("imdsim/tally/writers/0", 1)
            .unwrap();
        let mut host = values.host();
        assert_eq!(get(&mut first(1), &mut host).reply.status, 503);
        assert_eq!(host.attempts, 1, "{kind:?}");
        assert!((1..30).contains(&host.waits), "{kind:?}: {}", host.waits);
        assert_eq!(counted(&values), 1, "{kind:?}");
    }
}

const STALL: &str = r#"{"type": "fault", "stall": true}"#;

#[test]
fn a_stall_closes_the_connection_after_a_while_and_only_so_many_wait() {
    let values = Values::new(Kind::Sound);
    let (mut host, mut emulator) = (values.host(), emulator(STALL));
    let mut waiting = 0;
    for _ in 0..200 {
        let answer = get(&mut emulator, &mut host);
        assert_eq!(answer.delivery, Delivery::Aborted);
        assert!(answer.delay.is_zero() || answer.delay == Duration::from_secs(20));
        waiting += usize::from(!answer.delay.is_zero());
    }
    // Twice as many if a period began among them.
    assert!(waiting == 32 || waiting <= 64 && values.keys("imdsim/waiting/").len() > 1);
    // Later others may wait, and what was counted is gone.
    host.wait(Duration::from_secs(40));
    assert!(!get(&mut emulator, &mut host).delay.is_zero());
    assert_eq!(values.keys("imdsim/waiting/").len(), 1);
}

#[test]
fn where_nothing_can_be_counted_stalls_are_short() {
    let mut values = Values::new(Kind::Sound);
    values.counts = false;
    let answer = get(&mut emulator(STALL), &mut values.host());
    assert_eq!(
        (answer.delay, answer.delivery),
        (Duration::from_secs(5), Delivery::Aborted)
    );
}

#[test]
fn a_delay_that_clients_bear_is_as_long_as_it_is_said() {
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
fn where_the_host_waits_a_stall_is_as_long_as_the_core_says() {
    let values = Values::new(Kind::Sound);
    let request = Request::get(LEAF).body(Vec::new()).unwrap();
    let answer = answer(
        &mut emulator(STALL),
        &mut values.host(),
        Connection::Loopback,
        Waiting::Host,
        &request,
    );
    assert!(answer.delay >= Duration::from_hours(1));
    assert!(values.keys("imdsim/waiting/").is_empty());
}

//! Clock, random numbers and key-value store of a WASI host.

use std::sync::Arc;
use std::time::Duration;

use imdsim::{STATE_KEY, Store};

use super::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use super::bindings::wasi::io::poll::{Pollable, poll};
use super::bindings::wasi::keyvalue::atomics::{self, Cas, CasError};
use super::bindings::wasi::keyvalue::store::{self, Bucket, Error};
use super::bindings::wasi::random::random;
use crate::answer::nanoseconds;
use crate::host::{Host, Swapped};

/// The only bucket, under Spin's name for it, which the other hosts accept too.
const BUCKET: &str = "default";

/// A WASI host. Its bucket stays open for later requests until it fails.
#[derive(Debug, Default)]
pub struct Wasi {
    bucket: Option<Bucket>,
    call: Option<Call>,
    /// The state document that was read last, with the version of the store.
    state: Option<(u64, Option<Arc<Vec<u8>>>)>,
}

/// What some hosts pass with a request, and the others are asked for.
#[derive(Debug)]
struct Call {
    arrived: Duration,
    /// A number that changes with the values in the store. It tells whether the
    /// known state document is still valid at the first attempt to answer.
    store_version: Option<u64>,
}

impl Wasi {
    /// A host whose bucket is opened on first use.
    pub const fn new() -> Self {
        Self {
            bucket: None,
            call: None,
            state: None,
        }
    }

    /// Begins a request of a host that passes the time and the version of its
    /// store.
    pub fn begin(&mut self, arrived: Duration, store_version: u64) {
        self.call = Some(Call {
            arrived,
            store_version: Some(store_version),
        });
    }

    /// Runs an operation on the bucket. After an error the bucket is reopened,
    /// since its connection may be lost.
    fn with<T>(&mut self, act: impl FnOnce(&Bucket) -> Result<T, Error>) -> Result<T, String> {
        let bucket = match self.bucket.take() {
            Some(bucket) => bucket,
            None => store::open(BUCKET).map_err(describe)?,
        };
        let result = act(&bucket).map_err(describe)?;
        self.bucket = Some(bucket);
        Ok(result)
    }
}

impl Host for Wasi {
    fn now() -> Duration {
        let clock = wall_clock::now();
        Duration::new(clock.seconds, clock.nanoseconds)
    }

    fn arrived(&self) -> Duration {
        self.call
            .as_ref()
            .map_or_else(Self::now, |call| call.arrived)
    }

    fn random() -> u64 {
        random::get_random_u64()
    }

    fn random_bytes() -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(&random::get_random_bytes(32));
        bytes
    }

    fn wait(&mut self, delay: Duration) {
        wait(delay);
    }

    fn read(&mut self, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.with(|bucket| bucket.get(key))
    }

    fn read_state(&mut self) -> Result<Option<Arc<Vec<u8>>>, String> {
        let version = self
            .call
            .as_mut()
            .and_then(|call| call.store_version.take());
        if let (Some(version), Some((read_at, state))) = (version, &self.state)
            && version == *read_at
        {
            return Ok(state.clone());
        }
        self.state = None;
        let state = self.read(STATE_KEY)?.map(Arc::new);
        self.state = version.map(|version| (version, state.clone()));
        Ok(state)
    }

    fn swap(&mut self, key: &str, expected: Option<&[u8]>, next: &[u8]) -> Result<Swapped, String> {
        self.with(|bucket| {
            let cas = Cas::new(bucket, key)?;
            let now = cas.current()?;
            if now.as_deref() != expected {
                return Ok(Swapped::Rejected(now));
            }
            match atomics::swap(cas, next) {
                Ok(()) => Ok(Swapped::Done),
                Err(CasError::CasFailed(cas)) => Ok(Swapped::Rejected(cas.current()?)),
                Err(CasError::StoreError(error)) => Err(error),
            }
        })
    }

    fn increment(&mut self, key: &str, by: i64) -> Result<i64, String> {
        self.with(|bucket| atomics::increment(bucket, key, by))
    }
}

impl Store for Wasi {
    fn get(&mut self, key: &str) -> Option<Vec<u8>> {
        self.read(key).ok().flatten()
    }

    fn set(&mut self, key: &str, value: &[u8]) {
        let _ = self.with(|bucket| bucket.set(key, value));
    }

    fn delete(&mut self, key: &str) {
        let _ = self.with(|bucket| bucket.delete(key));
    }

    fn keys(&mut self) -> Vec<String> {
        let keys = self.with(|bucket| bucket.list_keys(None));
        keys.map_or_else(|_| Vec::new(), |keys| keys.keys)
    }

    fn add(&mut self, key: &str, by: i64) -> i64 {
        self.increment(key, by).unwrap_or(0)
    }
}

/// Sleeps.
pub(super) fn wait(delay: Duration) {
    if !delay.is_zero() {
        monotonic_clock::subscribe_duration(nanoseconds(delay)).block();
    }
}

/// The end of a timeout.
pub(super) struct Deadline(Pollable);

impl Deadline {
    pub(super) fn after(time: Duration) -> Self {
        Self(monotonic_clock::subscribe_duration(nanoseconds(time)))
    }

    /// Waits until `awaited` is ready; returns `false` if the deadline comes first.
    pub(super) fn wait_for(&self, awaited: &Pollable) -> bool {
        poll(&[awaited, &self.0]).contains(&0)
    }
}

fn describe(error: Error) -> String {
    match error {
        Error::NoSuchStore => format!("the host has no key-value store named {BUCKET:?}"),
        Error::AccessDenied => {
            format!(
                "the host does not give this component the key-value store {BUCKET:?}; \
                 in spin.toml, add key_value_stores = [{BUCKET:?}] to it"
            )
        }
        Error::Other(reason) => reason,
    }
}

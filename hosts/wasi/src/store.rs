//! The host's key-value store: the state document, and what the core keeps.

use imdsim::{Store, Swap};

use crate::bindings::wasi::keyvalue::atomics::{Cas, CasError, increment, swap as commit};
use crate::bindings::wasi::keyvalue::store::{self, Bucket, Error};

/// The only bucket: Spin's name for it, which the other hosts accept too.
const BUCKET: &str = "default";

/// Counts the writers that found no document.
const FIRST_KEY: &str = "imdsim/first";

/// Of so many such writers one may go ahead. The others try again and will
/// find its document; had it died, they would come to the next turn.
const TURNS: i64 = 64;

/// Why a change was not stored.
pub(crate) enum Conflict {
    /// Another writer changed the document since it was read.
    Overtaken,
    /// There is no document yet, and another writer is to make it.
    NotNext,
    /// The store refused, in its own words.
    Failed(String),
}

/// The state document's place: a bucket that stays open for the next request,
/// until it fails.
pub(crate) struct Slot(Option<Bucket>);

impl Slot {
    /// Nothing is opened yet.
    pub(crate) const fn new() -> Self {
        Self(None)
    }

    /// The state document, if one was ever stored; the error says why not in
    /// the host's words.
    pub(crate) fn read(&mut self) -> Result<Option<Vec<u8>>, String> {
        self.with(|bucket| bucket.get(imdsim::STATE_KEY))
    }

    /// Stores the next document if it is still the expected one that stands
    /// there.
    ///
    /// Two of Spin's stores need help. The one in a file lets two writers swap
    /// where nothing was, and the later one wins: they take turns. The one on
    /// Redis reports every swap as failed: what stands there then tells.
    pub(crate) fn swap(&mut self, swap: &Swap) -> Result<(), Conflict> {
        let (expected, next) = (swap.expected.as_deref(), &*swap.next);
        let swapped = self.with(|bucket| {
            // A store that cannot count has a better swap.
            let is_others_turn = |turn| turn % TURNS != 1;
            if expected.is_none() && increment(bucket, FIRST_KEY, 1).is_ok_and(is_others_turn) {
                return Ok(Err(Conflict::NotNext));
            }
            let cas = Cas::new(bucket, swap.key)?;
            let stands = |cas: &Cas, value| Ok(cas.current()?.as_deref() == value);
            let stored = stands(&cas, expected)?
                && match commit(cas, next) {
                    Ok(()) => true,
                    Err(CasError::CasFailed(now)) => stands(&now, Some(next))?,
                    Err(CasError::StoreError(error)) => return Err(error),
                };
            Ok(if stored {
                Ok(())
            } else {
                Err(Conflict::Overtaken)
            })
        });
        swapped.unwrap_or_else(|reason| Err(Conflict::Failed(reason)))
    }

    /// After an error the bucket is opened anew: its connection may be gone.
    fn with<T>(&mut self, act: impl FnOnce(&Bucket) -> Result<T, Error>) -> Result<T, String> {
        let bucket = match self.0.take() {
            Some(bucket) => bucket,
            None => store::open(BUCKET).map_err(describe)?,
        };
        let result = act(&bucket).map_err(describe)?;
        self.0 = Some(bucket);
        Ok(result)
    }
}

impl Store for Slot {
    fn get(&mut self, key: &str) -> Option<Vec<u8>> {
        self.with(|bucket| bucket.get(key)).ok().flatten()
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
        self.with(|bucket| increment(bucket, key, by)).unwrap_or(0)
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

//! The state document in the host's key-value store.

use crate::bindings::wasi::keyvalue::atomics::{Cas, CasError, swap as commit};
use crate::bindings::wasi::keyvalue::store::{self, Bucket};

/// The only bucket: Spin's name for it, which the other hosts accept too.
const BUCKET: &str = "default";

/// Why a change was not stored.
pub(crate) enum Conflict {
    /// Another writer changed the document since it was read.
    Overtaken,
    /// The store refused, in its own words.
    Failed(String),
}

/// Opens the bucket; the error says why in the host's words.
pub(crate) fn open() -> Result<Bucket, String> {
    store::open(BUCKET).map_err(describe)
}

/// The state document, if one was ever stored.
pub(crate) fn read(bucket: &Bucket) -> Result<Option<Vec<u8>>, String> {
    bucket.get(imdsim::STATE_KEY).map_err(describe)
}

/// Stores `next` if the document is still `expected`.
pub(crate) fn swap(bucket: &Bucket, expected: Option<&[u8]>, next: &[u8]) -> Result<(), Conflict> {
    let failed = |error| Conflict::Failed(describe(error));
    let cas = Cas::new(bucket, imdsim::STATE_KEY).map_err(failed)?;
    if cas.current().map_err(failed)?.as_deref() != expected {
        return Err(Conflict::Overtaken);
    }
    match commit(cas, next) {
        Ok(()) => Ok(()),
        Err(CasError::CasFailed(_)) => Err(Conflict::Overtaken),
        Err(CasError::StoreError(error)) => Err(failed(error)),
    }
}

fn describe(error: store::Error) -> String {
    match error {
        store::Error::NoSuchStore => format!("the host has no key-value store named {BUCKET:?}"),
        store::Error::AccessDenied => {
            format!("the host does not give this component the key-value store {BUCKET:?}")
        }
        store::Error::Other(reason) => reason,
    }
}

//! The interfaces `store` and `atomics`, exported.

use std::io;

use bindings::exports::wasi::keyvalue::atomics::{self, CasError};
use bindings::exports::wasi::keyvalue::store::{self, Error, KeyResponse};

use crate::folder::{Folder, Seen};

mod bindings {
    #![allow(missing_docs, unsafe_code, reason = "generated from wit/")]
    #![allow(
        clippy::pedantic,
        clippy::allow_attributes_without_reason,
        reason = "generated from wit/"
    )]
    wit_bindgen::generate!({
        path: "../../wit",
        world: "imdsim:emulator/file-store",
        generate_all,
    });
}

/// The path where the host mounts a folder.
const MOUNT: &str = "/state";

/// The only bucket, under Spin's name for its default store.
const BUCKET: &str = "default";

struct FileStore;

struct Bucket(Folder);

struct Cas {
    folder: Folder,
    key: String,
    seen: Seen,
}

impl store::Guest for FileStore {
    type Bucket = Bucket;

    fn open(identifier: String) -> Result<store::Bucket, Error> {
        if identifier != BUCKET {
            return Err(Error::NoSuchStore);
        }
        let folder = Folder::open(MOUNT).map_err(|_| {
            Error::Other(format!(
                "no folder is mounted at {MOUNT}; start wasmtime with --dir FOLDER::{MOUNT}"
            ))
        })?;
        Ok(store::Bucket::new(Bucket(folder)))
    }
}

impl store::GuestBucket for Bucket {
    fn get(&self, key: String) -> Result<Option<Vec<u8>>, Error> {
        let seen = self.0.get(&key).map_err(other)?;
        Ok(seen.value)
    }

    fn set(&self, key: String, value: Vec<u8>) -> Result<(), Error> {
        self.0.set(&key, &value).map_err(other)
    }

    fn delete(&self, key: String) -> Result<(), Error> {
        self.0.delete(&key).map_err(other)
    }

    fn exists(&self, key: String) -> Result<bool, Error> {
        self.get(key).map(|value| value.is_some())
    }

    fn list_keys(&self, cursor: Option<String>) -> Result<KeyResponse, Error> {
        if cursor.is_some() {
            let reason = "invalid cursor: all keys are returned in one page";
            return Err(Error::Other(reason.to_owned()));
        }
        let keys = self.0.keys().map_err(other)?;
        Ok(KeyResponse { keys, cursor: None })
    }
}

impl atomics::Guest for FileStore {
    type Cas = Cas;

    /// Stores the number as decimal text, like the native program.
    fn increment(bucket: store::BucketBorrow<'_>, key: String, delta: i64) -> Result<i64, Error> {
        let Bucket(folder) = bucket.get::<Bucket>();
        loop {
            let seen = folder.get(&key).map_err(other)?;
            let number = match seen.value.as_deref() {
                None => Some(0),
                Some(bytes) => std::str::from_utf8(bytes)
                    .ok()
                    .and_then(|text| text.parse::<i64>().ok()),
            };
            let Some(sum) = number.and_then(|number| number.checked_add(delta)) else {
                let reason = "the value is not a number, or the sum is out of range";
                return Err(Error::Other(reason.to_owned()));
            };
            let text = sum.to_string();
            let replaced = folder.replace(&key, &seen, text.as_bytes());
            if replaced.map_err(other)? {
                return Ok(sum);
            }
        }
    }

    fn swap(cas: atomics::Cas, value: Vec<u8>) -> Result<(), CasError> {
        let Cas { folder, key, seen } = cas.into_inner::<Cas>();
        let failed = |error| CasError::StoreError(other(error));
        if folder.replace(&key, &seen, &value).map_err(failed)? {
            return Ok(());
        }
        let seen = folder.get(&key).map_err(failed)?;
        Err(CasError::CasFailed(atomics::Cas::new(Cas {
            folder,
            key,
            seen,
        })))
    }
}

impl atomics::GuestCas for Cas {
    fn new(bucket: store::BucketBorrow<'_>, key: String) -> Result<atomics::Cas, Error> {
        let Bucket(folder) = bucket.get::<Bucket>();
        let seen = folder.get(&key).map_err(other)?;
        let folder = folder.clone();
        Ok(atomics::Cas::new(Self { folder, key, seen }))
    }

    fn current(&self) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.seen.value.clone())
    }
}

#[allow(clippy::needless_pass_by_value, reason = "what map_err hands over")]
fn other(error: io::Error) -> Error {
    Error::Other(error.to_string())
}

#[allow(unsafe_code, reason = "the generated glue needs it")]
mod export {
    use super::{FileStore, bindings};
    bindings::export!(FileStore with_types_in bindings);
}

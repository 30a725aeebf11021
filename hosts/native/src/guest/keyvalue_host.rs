//! The interfaces `store` and `atomics` of `wasi:keyvalue`, on a [`Store`].
//!
//! `list-keys` returns all keys at once and supports no cursor.

use wasmtime::component::{HasData, Linker, Resource, ResourceTable};

use crate::bindings::wasi::keyvalue::atomics::{self, CasError};
use crate::bindings::wasi::keyvalue::store::{self, Error, KeyResponse};
use crate::keyvalue::{Bucket, Cas, Change, Store};

/// The name of the only bucket, and of Spin's default store.
const BUCKET: &str = "default";

/// The host state during one call.
pub(super) struct KeyValue<'a> {
    pub(super) table: &'a mut ResourceTable,
    pub(super) values: &'a dyn Store,
    /// Set when the component tries to change a value, which may block.
    pub(super) has_changed: &'a mut bool,
}

/// Adds both interfaces to the linker.
pub(super) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> KeyValue<'_>,
) -> wasmtime::Result<()> {
    store::add_to_linker::<T, View>(linker, view)?;
    atomics::add_to_linker::<T, View>(linker, view)
}

struct View;

impl HasData for View {
    type Data<'a> = KeyValue<'a>;
}

impl KeyValue<'_> {
    /// Makes a change, which may block.
    fn change<T>(&mut self, act: impl FnOnce(&dyn Store) -> Result<T, String>) -> Result<T, Error> {
        let result = act(self.values).map_err(Error::Other);
        *self.has_changed = true;
        result
    }
}

impl store::Host for KeyValue<'_> {
    fn open(&mut self, name: String) -> wasmtime::Result<Result<Resource<Bucket>, Error>> {
        if name != BUCKET {
            return Ok(Err(Error::NoSuchStore));
        }
        Ok(Ok(Resource::new_own(0)))
    }
}

impl store::HostBucket for KeyValue<'_> {
    fn get(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        Ok(self.values.get(&key).map_err(Error::Other))
    }

    fn set(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.change(|values| values.replace(&key, Change::Set(value))))
    }

    fn delete(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.change(|values| values.replace(&key, Change::Delete)))
    }

    fn exists(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<bool, Error>> {
        let value = self.values.get(&key).map_err(Error::Other);
        Ok(value.map(|value| value.is_some()))
    }

    fn list_keys(
        &mut self,
        _bucket: Resource<Bucket>,
        cursor: Option<String>,
    ) -> wasmtime::Result<Result<KeyResponse, Error>> {
        if cursor.is_some() {
            let reason = "no cursor was given out, all keys came at once";
            return Ok(Err(Error::Other(reason.to_owned())));
        }
        let keys = self.values.keys().map_err(Error::Other);
        Ok(keys.map(|keys| KeyResponse { keys, cursor: None }))
    }

    fn drop(&mut self, _bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl atomics::Host for KeyValue<'_> {
    fn increment(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
        delta: i64,
    ) -> wasmtime::Result<Result<i64, Error>> {
        Ok(self.change(|values| values.increment(&key, delta)))
    }

    fn swap(
        &mut self,
        cas: Resource<Cas>,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), CasError>> {
        let Cas { key, seen } = self.table.delete(cas)?;
        let mut value = Some(value);
        // The current value, if it differs from the one that was read.
        let mut other = None;
        let updated = self.change(|values| {
            values.update(&key, &mut |present| {
                if present != seen.as_deref() {
                    other = Some(present.map(<[u8]>::to_vec));
                    return Change::Keep;
                }
                value.take().map_or(Change::Keep, Change::Set)
            })
        });
        Ok(match (updated, other) {
            (Err(error), _) => Err(CasError::StoreError(error)),
            (Ok(()), None) => Ok(()),
            (Ok(()), Some(seen)) => Err(CasError::CasFailed(self.table.push(Cas { key, seen })?)),
        })
    }
}

impl atomics::HostCas for KeyValue<'_> {
    fn new(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<Resource<Cas>, Error>> {
        // The first half of a compare-and-swap, which may block and be retried.
        *self.has_changed = true;
        match self.values.get(&key) {
            Ok(seen) => Ok(Ok(self.table.push(Cas { key, seen })?)),
            Err(reason) => Ok(Err(Error::Other(reason))),
        }
    }

    fn current(&mut self, cas: Resource<Cas>) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        Ok(Ok(self.table.get(&cas)?.seen.clone()))
    }

    fn drop(&mut self, cas: Resource<Cas>) -> wasmtime::Result<()> {
        self.table.delete(cas)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wasmtime::component::{HasData, Linker, Resource, ResourceTable};

use crate::values::{Seen, Values};
use bindings::fermyon::spin::variables;
use bindings::wasi::config::store as config;
use bindings::wasi::keyvalue::atomics::{self, CasError};
use bindings::wasi::keyvalue::store::{self, Error, KeyResponse};

mod bindings {
    #![allow(missing_docs, unused_qualifications, reason = "generated from WIT")]
    #![allow(
        clippy::pedantic,
        clippy::allow_attributes_without_reason,
        reason = "generated from WIT"
    )]
    wasmtime::component::bindgen!({
        path: "../../wit",
        inline: "
            package imdsim:spin-host;

            world host {
                import fermyon:spin/variables@2.0.0;
                import wasi:config/store@0.2.0-draft-2024-09-27;
                import wasi:keyvalue/store@0.2.0-draft2;
                import wasi:keyvalue/atomics@0.2.0-draft2;
            }
        ",
        imports: { default: trappable },
        with: {
            "wasi:keyvalue/store.bucket": super::Bucket,
            "wasi:keyvalue/atomics.cas": super::Cas,
        },
    });
}

/// The component's grants in the manifest and the runtime configuration.
#[derive(Clone)]
pub(crate) struct Grants {
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) stores: BTreeSet<String>,
    pub(crate) values: Arc<Values>,
}

#[allow(unreachable_pub, reason = "the generated code names it in public")]
pub struct Bucket;

#[allow(unreachable_pub, reason = "the generated code names it in public")]
pub struct Cas {
    key: String,
    /// Empty until `current` is called.
    seen: Seen,
}

/// State of the interfaces during one call.
pub(crate) struct Spin<'a> {
    pub(crate) table: &'a mut ResourceTable,
    pub(crate) grants: &'a Grants,
}

/// Offers `fermyon:spin/variables`, `wasi:config` and `wasi:keyvalue` as Spin does.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> Spin<'_>,
) -> wasmtime::Result<()> {
    variables::add_to_linker::<T, View>(linker, view)?;
    config::add_to_linker::<T, View>(linker, view)?;
    store::add_to_linker::<T, View>(linker, view)?;
    atomics::add_to_linker::<T, View>(linker, view)
}

struct View;

impl HasData for View {
    type Data<'a> = Spin<'a>;
}

impl variables::Host for Spin<'_> {
    fn get(&mut self, name: String) -> wasmtime::Result<Result<String, variables::Error>> {
        let value = self.grants.variables.get(&name).cloned();
        Ok(value.ok_or(variables::Error::Undefined(name)))
    }
}

impl config::Host for Spin<'_> {
    fn get(&mut self, name: String) -> wasmtime::Result<Result<Option<String>, config::Error>> {
        Ok(Ok(self.grants.variables.get(&name).cloned()))
    }

    fn get_all(&mut self) -> wasmtime::Result<Result<Vec<(String, String)>, config::Error>> {
        Ok(Ok(self.grants.variables.clone().into_iter().collect()))
    }
}

impl store::Host for Spin<'_> {
    fn open(&mut self, name: String) -> wasmtime::Result<Result<Resource<Bucket>, Error>> {
        if !self.grants.stores.contains(&name) {
            return Ok(Err(Error::AccessDenied));
        }
        Ok(Ok(self.table.push(Bucket)?))
    }
}

impl store::HostBucket for Spin<'_> {
    fn get(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        Ok(Ok(self.grants.values.get(&key)))
    }

    fn set(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        self.grants.values.set(&key, value);
        Ok(Ok(()))
    }

    fn delete(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        self.grants.values.delete(&key);
        Ok(Ok(()))
    }

    fn exists(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<bool, Error>> {
        Ok(Ok(self.grants.values.get(&key).is_some()))
    }

    fn list_keys(
        &mut self,
        _bucket: Resource<Bucket>,
        cursor: Option<String>,
    ) -> wasmtime::Result<Result<KeyResponse, Error>> {
        if cursor.is_some() {
            let reason = "list_keys: cursor not supported";
            return Ok(Err(Error::Other(reason.to_owned())));
        }
        let keys = self.grants.values.keys();
        Ok(Ok(KeyResponse { keys, cursor: None }))
    }

    fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl atomics::Host for Spin<'_> {
    fn increment(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
        delta: i64,
    ) -> wasmtime::Result<Result<i64, Error>> {
        Ok(Ok(self.grants.values.increment(&key, delta)))
    }

    fn swap(
        &mut self,
        cas: Resource<Cas>,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), CasError>> {
        let Cas { key, seen } = self.table.delete(cas)?;
        let values = &self.grants.values;
        if values.swap(&key, &seen, value) {
            return Ok(Ok(()));
        }
        let seen = values.see(&key);
        Ok(Err(CasError::CasFailed(
            self.table.push(Cas { key, seen })?,
        )))
    }
}

impl atomics::HostCas for Spin<'_> {
    fn new(
        &mut self,
        _bucket: Resource<Bucket>,
        key: String,
    ) -> wasmtime::Result<Result<Resource<Cas>, Error>> {
        let seen = Seen::default();
        Ok(Ok(self.table.push(Cas { key, seen })?))
    }

    fn current(&mut self, cas: Resource<Cas>) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        let cas = self.table.get_mut(&cas)?;
        cas.seen = self.grants.values.see(&cas.key);
        Ok(Ok(cas.seen.value()))
    }

    fn drop(&mut self, cas: Resource<Cas>) -> wasmtime::Result<()> {
        self.table.delete(cas)?;
        Ok(())
    }
}

//! The host side of a component instance and its linker: WASI without files or
//! sockets and with one environment variable, and a key-value store.

mod keyvalue_host;
mod waiting;

use std::sync::Arc;

use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{Engine, ResourceLimiter, Result, Store, Trap, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::engine::MAX_TICKS;
use crate::keyvalue;
use imdsim::constants::DOCUMENT_VARIABLE;
use keyvalue_host::KeyValue;
use waiting::Waiting;

/// The data of one instance, and the store that all instances share.
pub(crate) struct Host {
    wasi: WasiCtx,
    table: ResourceTable,
    values: Arc<dyn keyvalue::Store>,
    memory: MemoryLimit,
    /// Whether the current request has tried to change the store.
    has_changed: bool,
}

/// Measures the memory of an instance.
#[derive(Default)]
struct MemoryLimit(usize);

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool> {
        self.0 = self.0.saturating_add(desired.saturating_sub(current));
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool> {
        Ok(true)
    }
}

impl Host {
    /// Creates the store of a new instance. `document` is its settings
    /// document.
    pub(crate) fn store(
        engine: &Engine,
        document: &str,
        values: Arc<dyn keyvalue::Store>,
    ) -> Store<Self> {
        let wasi = WasiCtx::builder()
            .env(DOCUMENT_VARIABLE, document)
            // Panics in the component print here.
            .inherit_stderr()
            .build();
        let host = Self {
            wasi,
            table: ResourceTable::new(),
            values,
            memory: MemoryLimit::default(),
            has_changed: false,
        };
        let mut store = Store::new(engine, host);
        store.limiter(|host| &mut host.memory);
        // Instantiation runs code too.
        store.set_epoch_deadline(MAX_TICKS);
        store.epoch_deadline_callback(|mut store| {
            // A writer may wait for the disk and for other writers at each
            // attempt, and makes a limited number of attempts.
            if store.data_mut().has_changed {
                Ok(UpdateDeadline::Continue(MAX_TICKS))
            } else {
                Err(Trap::Interrupt.into())
            }
        });
        store
    }

    /// Resets the per-request state.
    pub(crate) fn begin(&mut self) {
        self.has_changed = false;
    }

    /// The instance's memory in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.memory.0
    }

    /// Whether the instance has dropped all resources of its requests.
    pub(crate) fn is_clean(&self) -> bool {
        self.table.is_empty()
    }

    fn waiting(&mut self) -> Waiting<'_> {
        Waiting(&mut self.table)
    }

    fn key_value(&mut self) -> KeyValue<'_> {
        KeyValue {
            table: &mut self.table,
            values: &*self.values,
            has_changed: &mut self.has_changed,
        }
    }
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Creates the linker that all instances share.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
    linker.allow_shadowing(true);
    waiting::add_to_linker(&mut linker, Host::waiting)?;
    linker.allow_shadowing(false);
    keyvalue_host::add_to_linker(&mut linker, Host::key_value)?;
    Ok(linker)
}

//! What one instance of the component finds around it, and the linker that
//! offers it: WASI with no files, no sockets and one variable in it, and a
//! key-value store.

mod keyvalue_host;

use std::sync::Arc;

use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{Engine, ResourceLimiter, Result, Store, Trap, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::constants::DOCUMENT_VARIABLE;
use crate::engine::MAX_TICKS;
use crate::keyvalue;
use keyvalue_host::KeyValue;

/// Everything that belongs to one instance, and the store that all share.
pub(crate) struct Host {
    wasi: WasiCtx,
    table: ResourceTable,
    values: Arc<dyn keyvalue::Store>,
    memory: MemoryLimit,
    /// Whether this request has tried to change the store.
    has_changed: bool,
}

/// How much memory an instance has.
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
    /// Surroundings of a new instance. `document` is its settings.
    pub(crate) fn store(
        engine: &Engine,
        document: &str,
        values: Arc<dyn keyvalue::Store>,
    ) -> Store<Self> {
        let wasi = WasiCtx::builder()
            .env(DOCUMENT_VARIABLE, document)
            // Where a panic in the component would be told.
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
        // It does something when it starts, too.
        store.set_epoch_deadline(MAX_TICKS);
        store.epoch_deadline_callback(|mut store| {
            // A writer may wait for the disk and for others each time it tries,
            // and tries a limited number of times.
            if store.data_mut().has_changed {
                Ok(UpdateDeadline::Continue(MAX_TICKS))
            } else {
                Err(Trap::Interrupt.into())
            }
        });
        store
    }

    /// Begins another request.
    pub(crate) fn begin(&mut self) {
        self.has_changed = false;
    }

    /// How many bytes of memory the instance has.
    pub(crate) fn memory(&self) -> usize {
        self.memory.0
    }

    /// Whether the instance gave back everything a request had it hold.
    pub(crate) fn is_clean(&self) -> bool {
        self.table.is_empty()
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

/// The linker of every instance.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    keyvalue_host::add_to_linker(&mut linker, Host::key_value)?;
    Ok(linker)
}

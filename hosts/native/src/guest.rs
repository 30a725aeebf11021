//! What one instance of the component finds around it, and the linker that
//! offers it: WASI with no files, no sockets and one variable in it, and of
//! `wasi:http` what answers requests, nothing that sends any.

use std::sync::Arc;

use http::HeaderName;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{Engine, Result, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, RequestOptions, WasiBody, WasiHttp, WasiHttpCtx,
    WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use crate::fields;
use crate::keyvalue::{self, KeyValue};
use crate::settings::DOCUMENT_VARIABLE;

/// Everything that belongs to one instance, and the store that all share.
pub(crate) struct Host {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
    table: ResourceTable,
    values: Arc<dyn keyvalue::Store>,
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
            http: WasiHttpCtx::new(),
            hooks: Hooks,
            table: ResourceTable::new(),
            values,
        };
        Store::new(engine, host)
    }

    /// Whether the instance gave back everything a request had it hold.
    pub(crate) fn is_clean(&self) -> bool {
        self.table.is_empty()
    }

    fn key_value(&mut self) -> KeyValue<'_> {
        KeyValue {
            table: &mut self.table,
            values: &*self.values,
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

impl WasiHttpView for Host {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.hooks,
        }
    }
}

/// The linker of every instance.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::bindings::http::types::add_to_linker::<_, WasiHttp>(
        &mut linker,
        &wasmtime_wasi_http::p2::bindings::LinkOptions::default().into(),
        Host::http,
    )?;
    fields::add_to_linker(&mut linker)?;
    keyvalue::add_to_linker(&mut linker, Host::key_value)?;
    Ok(linker)
}

/// The questions that `wasi:http` leaves to its embedder.
struct Hooks;

impl WasiHttpHooks for Hooks {
    /// The same answer as by default, without the allocation.
    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        DEFAULT_FORBIDDEN_HEADERS.contains(name)
    }

    /// Never called: nothing that sends is linked.
    fn send_request(
        &mut self,
        _request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _done: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}

/// A response and what becomes of its connection.
type Sent = (
    http::Response<WasiBody>,
    Box<dyn Future<Output = Result<(), Error>> + Send>,
);

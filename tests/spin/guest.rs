use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Result, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::bindings::http::types;
use wasmtime_wasi_http::p2::bindings::{LinkOptions, ProxyPre};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttp, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
    WasiHttpView,
};

use crate::interfaces::{self, Grants, Spin};

/// State of one instance.
pub(crate) struct Guest {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
    table: ResourceTable,
    grants: Grants,
}

impl Guest {
    /// The store of a new instance.
    pub(crate) fn store(
        component: &ProxyPre<Self>,
        environment: &[(String, String)],
        grants: &Grants,
    ) -> Store<Self> {
        let guest = Self {
            wasi: WasiCtx::builder()
                .envs(environment)
                .inherit_stderr()
                .build(),
            http: WasiHttpCtx::new(),
            hooks: Hooks,
            table: ResourceTable::new(),
            grants: grants.clone(),
        };
        let mut store = Store::new(component.engine(), guest);
        // Nothing advances the epoch here.
        store.set_epoch_deadline(1);
        store
    }

    fn spin(&mut self) -> Spin<'_> {
        Spin {
            table: &mut self.table,
            grants: &self.grants,
        }
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.hooks,
        }
    }
}

struct Hooks;

impl WasiHttpHooks for Hooks {
    /// Never called: outgoing HTTP is not linked.
    fn send_request(
        &mut self,
        _request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _done: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}

/// A response and the rest of its transmission.
type Sent = (
    http::Response<WasiBody>,
    Box<dyn Future<Output = Result<(), Error>> + Send>,
);

/// A component linked with the interfaces that Spin offers and the manifest
/// allows, without outgoing requests.
pub(crate) fn link(component: &Component) -> Result<ProxyPre<Guest>> {
    let mut linker = Linker::new(component.engine());
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    types::add_to_linker::<_, WasiHttp>(&mut linker, &LinkOptions::default().into(), Guest::http)?;
    interfaces::add_to_linker(&mut linker, Guest::spin)?;
    ProxyPre::new(linker.instantiate_pre(component)?)
}

use std::sync::LazyLock;

use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Result, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::bindings::http::types;
use wasmtime_wasi_http::p2::bindings::{LinkOptions, ProxyPre};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttp, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
    WasiHttpView,
};

use crate::interfaces::{self, Grants, Spin};

/// The component that `spin.toml` runs.
pub(crate) static SPIN: LazyLock<ProxyPre<Guest>> = LazyLock::new(|| load(compiled::SPIN));

/// The component for all hosts.
pub(crate) static UNIVERSAL: LazyLock<ProxyPre<Guest>> =
    LazyLock::new(|| load(compiled::UNIVERSAL));

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
        Store::new(component.engine(), guest)
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
fn load(component: fn(&Engine) -> Result<Component>) -> ProxyPre<Guest> {
    let load = || {
        let engine = Engine::default();
        let component = component(&engine)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        types::add_to_linker::<_, WasiHttp>(
            &mut linker,
            &LinkOptions::default().into(),
            Guest::http,
        )?;
        interfaces::add_to_linker(&mut linker, Guest::spin)?;
        ProxyPre::new(linker.instantiate_pre(&component)?)
    };
    load().unwrap()
}

#[allow(unsafe_code, reason = "loads trusted machine code")]
mod compiled {
    use super::{Component, Engine, Result};

    pub(super) const SPIN: fn(&Engine) -> Result<Component> = |engine| {
        let code = include_bytes!(concat!(env!("OUT_DIR"), "/imdsim-spin.cwasm"));
        // SAFETY: this package's build script compiled it.
        unsafe { Component::deserialize(engine, code) }
    };

    pub(super) const UNIVERSAL: fn(&Engine) -> Result<Component> = |engine| {
        let code = include_bytes!(concat!(env!("OUT_DIR"), "/imdsim-wasi.cwasm"));
        // SAFETY: as above.
        unsafe { Component::deserialize(engine, code) }
    };
}

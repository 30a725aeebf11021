use std::sync::LazyLock;

use wasmtime::component::Component;
use wasmtime::{Engine, Result};
use wasmtime_wasi_http::p2::bindings::ProxyPre;

use crate::engine_config::engine_config;
use crate::guest::{self, Guest};

/// The component that `spin.toml` runs.
pub(crate) static SPIN: LazyLock<ProxyPre<Guest>> = LazyLock::new(|| load(compiled::SPIN));

/// The component for all hosts.
pub(crate) static UNIVERSAL: LazyLock<ProxyPre<Guest>> =
    LazyLock::new(|| load(compiled::UNIVERSAL));

/// A component in an engine of its own.
fn load(component: fn(&Engine) -> Result<Component>) -> ProxyPre<Guest> {
    let engine = Engine::new(&engine_config()).unwrap();
    guest::link(&component(&engine).unwrap()).unwrap()
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

//! The component, loaded.

use wasmtime::component::Component;
use wasmtime::{Engine, Result};

use crate::engine_config::engine_config;

/// Loads the component that the build script has compiled.
pub(crate) fn load() -> Result<Component> {
    embedded::component(&Engine::new(&engine_config())?)
}

#[allow(unsafe_code, reason = "machine code is taken on trust")]
mod embedded {
    use super::{Component, Engine, Result};

    /// Written by `build.rs`.
    static CODE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/imdsim.cwasm"));

    pub(super) fn component(engine: &Engine) -> Result<Component> {
        // SAFETY: the bytes are what `Engine::precompile_component` gave to
        // this program's own build script, and nothing has touched them since.
        unsafe { Component::deserialize(engine, CODE) }
    }
}

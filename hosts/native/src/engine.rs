//! What every emulator in this program runs on: the component, loaded, and the
//! threads.

use tokio::runtime::Builder;
use wasmtime::component::Component;
use wasmtime::{Engine, Result};

use crate::engine_config::engine_config;
use crate::fail::{Failure, broken};
use crate::workers::Workers;

/// Runs `work` on a thread that accepts connections and waits; the workers do
/// the rest, and are gone in the end.
pub(crate) fn run<T>(
    work: impl AsyncFnOnce(&Component, &mut Workers) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let component = load().map_err(|error| broken(&error))?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| broken(&error))?;
    let mut workers = Workers::start().map_err(|error| broken(&error))?;
    runtime.block_on(work(&component, &mut workers))
}

/// Loads the component that the build script has compiled.
fn load() -> Result<Component> {
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

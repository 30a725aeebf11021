//! How wasmtime is set up: the same for the build script, which compiles the
//! component, and for the program, which loads what was compiled. wasmtime
//! refuses code that was compiled under another configuration.

/// The configuration of both.
pub(crate) fn engine_config() -> wasmtime::Config {
    wasmtime::Config::new()
}

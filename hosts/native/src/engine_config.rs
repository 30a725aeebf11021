//! How wasmtime is set up: the same for the build script, which compiles the
//! component, and for the program, which loads what was compiled. wasmtime
//! refuses code that was compiled under another configuration.

/// The configuration of both. The code looks at a clock of the engine's own now
/// and then, so that no request takes for ever.
pub(crate) fn engine_config() -> wasmtime::Config {
    let mut config = wasmtime::Config::new();
    config.epoch_interruption(true);
    config
}

//! The wasmtime configuration, shared by the build script, which compiles the
//! component, and the program, which loads it. wasmtime rejects code compiled
//! under another configuration.

/// Returns the configuration. The compiled code checks the engine's epoch, so
/// that no request runs forever.
pub(crate) fn engine_config() -> wasmtime::Config {
    let mut config = wasmtime::Config::new();
    config.epoch_interruption(true);
    config
}

//! The engine that runs every emulator in this program: the loaded component and the
//! threads.

use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use wasmtime::component::Component;
use wasmtime::{Engine, Result};

use crate::engine_config::engine_config;
use crate::error::{Failure, internal_error};
use crate::workers::Workers;

/// From one tick of the engine's clock, its epoch, to the next.
const TICK: Duration = Duration::from_millis(100);

/// How many ticks the component may work on one request before it changes the
/// store: a second. A request takes less than a millisecond, and the
/// limits on input keep any below a tenth of a second.
pub(crate) const MAX_TICKS: u64 = 10;

/// Runs `work` on a thread that accepts connections and waits; the workers do
/// the rest, and are gone in the end.
pub(crate) fn run<T>(
    work: impl AsyncFnOnce(&Component, &mut Workers) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let component = load().map_err(|error| internal_error(&error))?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| internal_error(&error))?;
    let mut workers = Workers::start().map_err(|error| internal_error(&error))?;
    runtime.block_on(work(&component, &mut workers))
}

/// Loads the component that the build script has compiled.
pub(crate) fn load() -> Result<Component> {
    let engine = Engine::new(&engine_config())?;
    start_clock(&engine)?;
    embedded::component(&engine)
}

/// Has the clock of an engine tick for as long as the engine is there.
fn start_clock(engine: &Engine) -> Result<()> {
    let engine = engine.weak();
    let tick = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    };
    thread::Builder::new().name("clock".into()).spawn(tick)?;
    Ok(())
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use bytes::Bytes;
    use http::{Request, StatusCode};

    use super::*;
    use crate::instance_pool::InstancePool;
    use crate::keyvalue;

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_given_up_and_the_next_is_answered() {
        let component = load().unwrap();
        let values = Arc::new(keyvalue::MemoryStore::default());
        let pool = InstancePool::new(&component, "{}".into(), values);
        let pool = pool.await.unwrap();
        let request = Request::get("/latest/meta-data/").body(Bytes::new());
        let request = request.unwrap();
        let done = Arc::new(AtomicBool::new(false));
        // A clock so fast that anything takes too long.
        let fast = thread::spawn({
            let (engine, done) = (component.engine().clone(), Arc::clone(&done));
            move || {
                while !done.load(Ordering::Relaxed) {
                    engine.increment_epoch();
                }
            }
        });
        loop {
            // An instance that did not even start is an error.
            if let Ok(response) = pool.answer(&request, true).await
                && response.response.status() == StatusCode::SERVICE_UNAVAILABLE
            {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
        fast.join().unwrap();
        let response = pool.answer(&request, true).await.unwrap();
        assert_eq!(response.response.status(), StatusCode::OK);
    }
}

//! The command `serve`: everything is checked before the first connection is
//! accepted, so that a bad value never leaves a program half alive.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use crate::cli;
use crate::engine;
use crate::fail::{Failure, broken, ready};
use crate::files::Files;
use crate::instance_pool::InstancePool;
use crate::keyvalue::{Durable, Layered, Memory, Store};
use crate::log::Log;
use crate::server::Server;
use crate::settings::Sources;
use crate::stop;
use crate::watch::Watch;

/// Where the program listens when it is not told.
const DEFAULT_ADDR: &str = "127.0.0.1:4719";

/// How long running requests may take to finish once a signal has come.
const FAREWELL: Duration = Duration::from_secs(5);

/// Serves until a signal comes.
pub(crate) fn serve(settings: &cli::Settings, flags: &cli::Serve) -> Result<(), Failure> {
    let sources = Sources::new(settings, std::env::vars_os())?;
    let mut files = Files::default();
    let settings = sources.gather(&mut files)?;
    let listener = listen("--addr", flags.addr.as_deref().unwrap_or(DEFAULT_ADDR))?;
    let values: Arc<dyn Store> = match &flags.state {
        None => Arc::new(Layered::new(Memory::default())),
        Some(path) => Arc::new(Layered::new(Durable::open(path)?)),
    };
    engine::run(async |component, workers| {
        let pool = InstancePool::new(component, settings.to_json(), Arc::clone(&values)).await?;
        let listener =
            tokio::net::TcpListener::from_std(listener).map_err(|error| broken(&error))?;
        let address = listener.local_addr().map_err(|error| broken(&error))?;
        let stop = stop::signal().map_err(|error| broken(&error))?;
        let format = flags.logging.log.unwrap_or_default();
        let log = Log::new((!flags.quiet).then_some(format));
        let server = Arc::new(Server::new(pool, flags.keep_alive, log, FAREWELL));
        ready(format_args!("Serving HTTP on http://{address}/"));
        let watch = flags
            .watch
            .then(|| Watch::new(sources, files, settings, values));
        tokio::select! {
            () = Arc::clone(&server).run(vec![listener], workers, stop) => {}
            () = server.watch(watch) => {}
        }
        Ok(())
    })
    // With the workers the last reference to the store is gone, which closes
    // its file.
}

/// Listens on an address; `place` is where it was given.
pub(crate) fn listen(place: &str, address: &str) -> Result<TcpListener, Failure> {
    use std::io::ErrorKind;

    let listener = TcpListener::bind(address).map_err(|error| {
        let (what, remedy) = match error.kind() {
            ErrorKind::AddrInUse => (
                format!("{address} is in use"),
                "stop the program that listens there, or give another port (0 picks a free one); \
                 if that is imdsim, commands such as `spot` and `reset` reach it by --url",
            ),
            ErrorKind::PermissionDenied => (
                format!("{address} is not yours to listen on"),
                "give a port above 1023",
            ),
            ErrorKind::AddrNotAvailable => (
                format!("{address} is no address of this machine"),
                "give one that is, for instance 127.0.0.1:4719",
            ),
            _ => (
                format!("{address:?} cannot be listened on: {error}"),
                "give HOST:PORT, for instance 127.0.0.1:4719",
            ),
        };
        Failure::new(place, what, remedy)
    })?;
    listener
        .set_nonblocking(true)
        .map_err(|error| broken(&error))?;
    Ok(listener)
}

//! The command `serve`: everything is checked before the first connection is
//! accepted, so that a bad value never leaves a program half alive.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use imdsim::Config;

use crate::cli;
use crate::engine;
use crate::error::{Failure, internal_error, ready};
use crate::files::Files;
use crate::instance_pool::InstancePool;
use crate::keyvalue::{Layered, MemoryStore, RedbStore, Store};
use crate::log::Log;
use crate::server::{Server, is_loopback};
use crate::settings::Sources;
use crate::signals;
use crate::watch::Watch;

/// Where the program listens when it is not told.
const DEFAULT_ADDR: &str = "127.0.0.1:4719";

/// How long running requests may take to finish once a signal has come.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Serves until a signal comes.
pub(crate) fn serve(settings: &cli::Settings, flags: &cli::Serve) -> Result<(), Failure> {
    let sources = Sources::new(settings, std::env::vars_os())?;
    let mut files = Files::default();
    let settings = sources.gather(&mut files)?;
    let listeners = listeners(&flags.addr)?;
    let has_token = Config::new(&settings)?.admin_token.is_some();
    let values: Arc<dyn Store> = match &flags.state {
        None => Arc::new(Layered::new(MemoryStore::default())),
        Some(path) => Arc::new(Layered::new(RedbStore::open(path)?)),
    };
    engine::run(async |component, workers| {
        let pool = InstancePool::new(component, settings.to_json(), Arc::clone(&values)).await?;
        let listeners = registered(listeners)?;
        let addresses: Vec<_> = listeners
            .iter()
            .map(tokio::net::TcpListener::local_addr)
            .collect::<Result<_, _>>()
            .map_err(|error| internal_error(&error))?;
        let stop = signals::signal().map_err(|error| internal_error(&error))?;
        let format = flags.logging.log.unwrap_or_default();
        let log = Log::new((!flags.quiet).then_some(format));
        if !has_token {
            let closed = addresses.iter().filter(|address| !is_loopback(**address));
            closed.for_each(|address| log.tell(&no_control_api(*address)));
        }
        let server = Arc::new(Server::new(pool, flags.keep_alive, log, SHUTDOWN_TIMEOUT));
        for address in &addresses {
            ready(format_args!("Serving HTTP on http://{address}/"));
        }
        let watch = flags
            .watch
            .then(|| Watch::new(sources, files, settings, values));
        tokio::select! {
            () = Arc::clone(&server).run(listeners, workers, stop) => {}
            () = server.watch(watch) => {}
        }
        Ok(())
    })
    // With the workers the last reference to the store is gone, which closes
    // its file.
}

/// The sockets of the server, in the order in which they were asked for.
fn listeners(addresses: &[String]) -> Result<Vec<TcpListener>, Failure> {
    if addresses.is_empty() {
        return Ok(vec![listen("--addr", DEFAULT_ADDR)?]);
    }
    let addresses = addresses.iter();
    addresses.map(|address| listen("--addr", address)).collect()
}

/// The same sockets, for the runtime that this is called in.
pub(crate) fn registered(
    listeners: Vec<TcpListener>,
) -> Result<Vec<tokio::net::TcpListener>, Failure> {
    let listeners = listeners.into_iter();
    listeners
        .map(tokio::net::TcpListener::from_std)
        .collect::<Result<_, _>>()
        .map_err(|error| internal_error(&error))
}

/// Why there is no control API where others may connect, and how to get it.
fn no_control_api(address: SocketAddr) -> String {
    let who = if address.ip().is_unspecified() {
        "only loopback connections have the control API"
    } else {
        "there is no control API"
    };
    format!(
        "http://{address}/: {who}, for no admin token is set; set --admin-token \
         (IMDSIM_ADMIN_TOKEN), or add --addr 127.0.0.1:4719"
    )
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
                "use a port above 1023",
            ),
            ErrorKind::AddrNotAvailable => (
                format!("{address} is not an address of this machine"),
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
        .map_err(|error| internal_error(&error))?;
    Ok(listener)
}

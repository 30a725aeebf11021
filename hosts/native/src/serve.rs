//! The command `serve`: everything is checked before the first connection is
//! accepted, so that a bad value never leaves a program half alive.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use imdsim::Config;

use crate::cli;
use crate::connection_ends::is_loopback;
use crate::constants::{ADMIN_TOKEN_VARIABLE, DEFAULT_ADDRESS};
use crate::engine;
use crate::error::{Failure, internal_error, ready};
use crate::files::Files;
use crate::instance_pool::InstancePool;
use crate::keyvalue::{Layered, MemoryStore, RedbStore, Store};
use crate::listener::{listen, registered};
use crate::log::Log;
use crate::server::Server;
use crate::settings::Sources;
use crate::signals;
use crate::watch::Watch;

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
        return Ok(vec![listen("--addr", &DEFAULT_ADDRESS.to_string())?]);
    }
    let addresses = addresses.iter();
    addresses.map(|address| listen("--addr", address)).collect()
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
         ({ADMIN_TOKEN_VARIABLE}), or add --addr {DEFAULT_ADDRESS}"
    )
}

//! The command `serve`. It validates everything before it accepts the first
//! connection.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use imdsim::Config;

use crate::aemm;
use crate::connection_ends::is_loopback;
use crate::engine;
use crate::error::{Failure, internal_error, ready};
use crate::files::Files;
use crate::instance_pool::InstancePool;
use crate::keyvalue::{Layered, MemoryStore, RedbStore, Store};
use crate::listener::{listen, registered};
use crate::log::{Log, LogFlags};
use crate::server::Server;
use crate::settings::{SettingsFlags, Sources};
use crate::signals;
use crate::watch::Watch;
use imdsim::constants::{ADMIN_TOKEN_VARIABLE, DEFAULT_ADDRESS};

/// Server flags.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServeFlags {
    /// Address to listen on; repeatable; port 0 picks a free port [default: 127.0.0.1:4719]
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) addr: Vec<String>,
    /// Store run-time changes in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Keep connections open even if clients do not ask for it
    #[arg(long)]
    pub(crate) keep_alive: bool,
    #[command(flatten)]
    pub(crate) logging: LogFlags,
    /// Do not log requests
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Reload configuration files when they change
    #[arg(short = 'w', long = "watch-config-file", visible_alias = "watch")]
    pub(crate) watch: bool,
}

/// How long running requests may take to finish after a signal.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Serves until a signal arrives.
pub(crate) fn serve(settings: &SettingsFlags, flags: &ServeFlags) -> Result<(), Failure> {
    let variables: Vec<_> = std::env::vars_os().collect();
    let aemm = aemm::server(&settings.aemm, &variables, &flags.addr)?;
    let sources = Sources::new(settings, std::env::vars_os())?;
    let mut files = Files::default();
    let settings = sources.gather(&mut files)?;
    let listeners = listeners(&aemm.addresses)?;
    let has_token = Config::new(&settings)?.admin_token.is_some();
    let values: Arc<dyn Store> = match &flags.state {
        None => Arc::new(Layered::new(MemoryStore::default())),
        Some(path) => Arc::new(Layered::new(RedbStore::open(path)?)),
    };
    engine::run(async |component, workers| {
        let pool = InstancePool::new(component, settings.to_json(), Arc::clone(&values))?;
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
        let watch =
            (flags.watch || aemm.watch).then(|| Watch::new(sources, files, settings, values));
        tokio::select! {
            () = Arc::clone(&server).run(listeners, workers, stop) => {}
            () = server.watch(watch) => {}
        }
        Ok(())
    })
    // The workers held the last reference to the store, so its file is closed
    // here.
}

/// Binds the addresses, in the given order.
fn listeners(addresses: &[String]) -> Result<Vec<TcpListener>, Failure> {
    if addresses.is_empty() {
        return Ok(vec![listen("--addr", &DEFAULT_ADDRESS.to_string())?]);
    }
    let addresses = addresses.iter();
    addresses.map(|address| listen("--addr", address)).collect()
}

/// A warning that an address has no control API, with the fix.
fn no_control_api(address: SocketAddr) -> String {
    let availability = if address.ip().is_unspecified() {
        "the control API is available over loopback only"
    } else {
        "the control API is not available"
    };
    format!(
        "http://{address}/: {availability}, because no admin token is set; set --admin-token \
         ({ADMIN_TOKEN_VARIABLE}), or add --addr {DEFAULT_ADDRESS}"
    )
}

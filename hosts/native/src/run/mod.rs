//! `imdsim run`: runs a command against the emulator, and evaluates its
//! requests.
//!
//! The emulator runs in this process, as long as the command.

mod assertions;
mod calls;
mod command;
mod environment;
mod flags;
mod imdsv2_readiness;
mod namespace;
mod recorder;
mod report;
mod report_file;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use imdsim::Config;
use tokio::process::Command;

pub(crate) use self::flags::RunFlags;

use self::assertions::Assertions;
use self::command::Signals;
use self::recorder::Recorder;
use self::report::Report;
use self::report_file::ReportFile;
use crate::engine;
use crate::error::{Failure, internal_error, say};
use crate::files::Files;
use crate::instance_pool::InstancePool;
use crate::ipv6_endpoint::Ipv6Endpoint;
use crate::keyvalue::{Layered, MemoryStore, Store};
use crate::listener::{listen, registered};
use crate::log::{Escaped, Log};
use crate::server::Server;
use crate::settings::{SettingsFlags, Sources};
use crate::workers::Workers;
use imdsim::constants::{DEFAULT_ADDRESS, SERVICE_IPV4_ADDRESS};

/// Minimum number of evaluated requests; more if the journal holds more.
const MAX_CALLS: usize = 100_000;

/// How long connections may take to finish after the command has exited.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// Runs the command. Returns its exit status, or 1 if it succeeded and an
/// assertion failed.
pub(crate) fn run(settings: &SettingsFlags, flags: &RunFlags) -> Result<ExitCode, Failure> {
    let (program, arguments) = flags.command()?;
    let sources = Sources::new(settings, std::env::vars_os())?;
    let settings = sources.gather(&mut Files::default())?;
    let journal = Config::new(&settings)?.journal;
    if flags.evaluates_requests() && journal == 0 {
        return Err(Failure::new(
            "journal",
            "it is off, so nothing could be judged",
            "set IMDSIM_JOURNAL to the number of requests to keep",
        ));
    }
    // Opened first: inside the namespace this process may lack the permission.
    let report_file = flags.report.as_deref().map(ReportFile::open).transpose()?;
    let (listeners, has_ipv6) = listeners(flags)?;
    let ipv6 = has_ipv6.then(|| Ipv6Endpoint::new(&settings)).transpose()?;
    let address = listeners[0]
        .local_addr()
        .map_err(|error| internal_error(&error))?;
    let mut command = Command::new(program);
    command.args(arguments);
    for (name, value) in environment::changes(flags, address, &environment()) {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    engine::run(async |component, workers| {
        let store = Layered::new(MemoryStore::default());
        let capacity = if flags.evaluates_requests() {
            journal.max(MAX_CALLS)
        } else {
            0
        };
        let recorder = Arc::new(Recorder::new(store, capacity));
        let values = Arc::clone(&recorder) as Arc<dyn Store>;
        let pool = InstancePool::new(component, settings.to_json(), values)?;
        let log = Log::new(flags.logging.log);
        let server = Arc::new(Server::new(pool, false, log, SHUTDOWN_TIMEOUT).with_ipv6(ipv6));
        let ended = serve_while_running(&server, listeners, workers, &mut command).await?;
        let (Ok(status) | Err(status)) = ended;
        if !flags.evaluates_requests() {
            return Ok(ExitCode::from(status));
        }
        let report = Report::new(flags, recorder.record(), status);
        if let (Some(file), Some(path)) = (report_file, &flags.report) {
            file.write(&report.text(path))?;
        }
        if ended.is_err() {
            // There is nothing to report about a command that did not start.
            return Ok(ExitCode::from(status));
        }
        let failed = report
            .assertions
            .iter()
            .filter(|assertion| !report_failures(assertion))
            .count();
        say(Escaped(&report.summary));
        Ok(match status {
            0 if failed > 0 => ExitCode::FAILURE,
            _ => ExitCode::from(status),
        })
    })
}

/// Serves while the command runs. Returns its exit status, or as an error the
/// status for a command that did not start.
async fn serve_while_running(
    server: &Arc<Server>,
    listeners: Vec<TcpListener>,
    workers: &mut Workers,
    command: &mut Command,
) -> Result<Result<u8, u8>, Failure> {
    let listeners = registered(listeners)?;
    // The command must find the listener in its initial state.
    server.update_ipv6().await;
    let signals = Signals::listen().map_err(|error| internal_error(&error))?;
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Ok(Err(command::not_started(command, &error))),
    };
    let mut status = None;
    let end = async {
        status = Some(command::wait(&mut child, signals).await);
    };
    tokio::select! {
        () = Arc::clone(server).run(listeners, workers, end) => {}
        () = server.follow_ipv6() => {}
    }
    let status = status.expect("the server runs until the command has ended");
    let status = status.map_err(|error| internal_error(&error))?;
    Ok(Ok(command::exit_status(status)))
}

/// Prints the failures of an assertion, and returns whether it holds.
fn report_failures(assertion: &Assertions) -> bool {
    for failure in &assertion.failures {
        let assertion = Escaped(&assertion.assertion);
        say(format_args!("{assertion}: {}", Escaped(failure)));
    }
    assertion.failures.is_empty()
}

/// The emulator's sockets, the one for control calls first, and whether IPv6 is
/// available.
fn listeners(flags: &RunFlags) -> Result<(Vec<TcpListener>, bool), Failure> {
    if !flags.namespace {
        return Ok((vec![listen("imdsim run", "127.0.0.1:0")?], false));
    }
    let has_ipv6 = namespace::enter()?;
    let addresses = [DEFAULT_ADDRESS, SERVICE_IPV4_ADDRESS].into_iter();
    let listeners = addresses.map(|address| listen("--namespace", &address.to_string()));
    Ok((listeners.collect::<Result<_, _>>()?, has_ipv6))
}

/// The environment variables that are UTF-8. The command inherits the others
/// unchanged.
fn environment() -> BTreeMap<String, String> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

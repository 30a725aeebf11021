//! `imdsim run`: a command that finds the emulator, and a judgement of what it
//! asked for.
//!
//! The emulator lives as long as the command, in this process.

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
use crate::constants::{DEFAULT_ADDRESS, SERVICE_IPV4_ADDRESS};
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

/// How many requests are judged at least; more, if the journal holds more.
const MAX_CALLS: usize = 100_000;

/// How long connections may take to finish once the command has ended.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// Runs the command. The status is the command's, or 1 if it is content and an
/// assertion is not.
pub(crate) fn run(settings: &SettingsFlags, flags: &RunFlags) -> Result<ExitCode, Failure> {
    let (program, arguments) = flags.command()?;
    let sources = Sources::new(settings, std::env::vars_os())?;
    let settings = sources.gather(&mut Files::default())?;
    let journal = Config::new(&settings)?.journal;
    if flags.judges() && journal == 0 {
        return Err(Failure::new(
            "journal",
            "it is off, so nothing could be judged",
            "set IMDSIM_JOURNAL to the number of requests to keep",
        ));
    }
    // In a namespace of its own this process may no longer be allowed to.
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
        let capacity = if flags.judges() {
            journal.max(MAX_CALLS)
        } else {
            0
        };
        let recorder = Arc::new(Recorder::new(store, capacity));
        let values = Arc::clone(&recorder) as Arc<dyn Store>;
        let pool = InstancePool::new(component, settings.to_json(), values).await?;
        let log = Log::new(flags.logging.log);
        let server = Arc::new(Server::new(pool, false, log, SHUTDOWN_TIMEOUT).with_ipv6(ipv6));
        let ended = serve_while_running(&server, listeners, workers, &mut command).await?;
        let (Ok(status) | Err(status)) = ended;
        if !flags.judges() {
            return Ok(ExitCode::from(status));
        }
        let report = Report::new(flags, recorder.record(), status);
        if let (Some(file), Some(path)) = (report_file, &flags.report) {
            file.write(&report.text(path))?;
        }
        if ended.is_err() {
            // Of a command that never ran there is nothing to be told.
            return Ok(ExitCode::from(status));
        }
        let failed = report
            .assertions
            .iter()
            .filter(|judgement| !tell(judgement))
            .count();
        say(Escaped(&report.summary));
        Ok(match status {
            0 if failed > 0 => ExitCode::FAILURE,
            _ => ExitCode::from(status),
        })
    })
}

/// Serves while the command runs, and yields the status with which it ended, or
/// the one that says that it could not begin.
async fn serve_while_running(
    server: &Arc<Server>,
    listeners: Vec<TcpListener>,
    workers: &mut Workers,
    command: &mut Command,
) -> Result<Result<u8, u8>, Failure> {
    let listeners = registered(listeners)?;
    // Before the command can look.
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

/// Says why an assertion does not hold, if so, and whether it does.
fn tell(judgement: &Assertions) -> bool {
    for failure in &judgement.failures {
        let assertion = Escaped(&judgement.assertion);
        say(format_args!("{assertion}: {}", Escaped(failure)));
    }
    judgement.failures.is_empty()
}

/// The sockets of the emulator, the one for control calls first, and whether
/// there may be one for IPv6 as well.
fn listeners(flags: &RunFlags) -> Result<(Vec<TcpListener>, bool), Failure> {
    if !flags.namespace {
        return Ok((vec![listen("imdsim run", "127.0.0.1:0")?], false));
    }
    let has_ipv6 = namespace::enter()?;
    let addresses = [DEFAULT_ADDRESS, SERVICE_IPV4_ADDRESS].into_iter();
    let listeners = addresses.map(|address| listen("--namespace", &address.to_string()));
    Ok((listeners.collect::<Result<_, _>>()?, has_ipv6))
}

/// The variables of this process. Those that are no text are the command's too,
/// and nothing is decided by them.
fn environment() -> BTreeMap<String, String> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

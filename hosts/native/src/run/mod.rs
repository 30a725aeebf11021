//! `imdsim run`: a command that finds the emulator, and a judgement of what it
//! asked for.
//!
//! The emulator lives as long as the command, in this process.

mod calls;
mod command;
mod flags;
mod inquiry;
mod ipv6_endpoint;
mod judgement;
mod namespace;
mod readiness;
mod report;
mod surroundings;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::process::Command;

pub(crate) use self::flags::Run;
pub(crate) use self::ipv6_endpoint::Ipv6Endpoint;

use self::command::Signals;
use self::judgement::Judgement;
use crate::cli;
use crate::engine;
use crate::fail::{Failure, broken, say};
use crate::files::Files;
use crate::instance_pool::InstancePool;
use crate::keyvalue::{Layered, Memory};
use crate::log::{Escaped, Log};
use crate::serve::{listen, registered};
use crate::server::Server;
use crate::settings::Sources;
use crate::workers::Workers;

/// The setting of how many requests are kept.
const JOURNAL: &str = "journal";

/// How many are kept where it is not set: more than a command under test sends.
const DEFAULT_JOURNAL: &str = "100000";

/// Runs the command. The status is the command's, or 1 if it is content and an
/// assertion is not.
pub(crate) fn run(settings: &cli::Settings, flags: &Run) -> Result<ExitCode, Failure> {
    let (program, arguments) = flags.command()?;
    let paper = flags.report.as_deref().map(create).transpose()?;
    let mut sources = Sources::new(settings, std::env::vars_os())?;
    if flags.judges() {
        sources.suggest(JOURNAL, DEFAULT_JOURNAL);
    }
    let settings = sources.gather(&mut Files::default())?;
    if flags.judges() && inquiry::journal_len(&settings) == 0 {
        return Err(Failure::new(
            JOURNAL,
            "it is off, so nothing could be judged",
            "set IMDSIM_JOURNAL to the number of requests to keep",
        ));
    }
    let (listeners, has_ipv6) = listeners(flags)?;
    let ipv6 = has_ipv6.then(|| Ipv6Endpoint::new(&settings)).transpose()?;
    let address = listeners[0].local_addr().map_err(|error| broken(&error))?;
    let mut command = Command::new(program);
    command.args(arguments);
    for (name, value) in surroundings::changes(flags, address, &environment()) {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    engine::run(async |component, workers| {
        let values = Arc::new(Layered::new(Memory::default()));
        let pool = InstancePool::new(component, settings.to_json(), values).await?;
        let server = Arc::new(Server {
            pool,
            keep_alive: false,
            log: Log::new(flags.logging.log),
            ipv6,
        });
        let status = match attend(&server, listeners, workers, &mut command).await? {
            Ok(status) => status,
            Err(not_started) => return Ok(not_started),
        };
        if !flags.judges() {
            return Ok(ExitCode::from(status));
        }
        let report = inquiry::report(&server.pool, &settings, flags, status).await?;
        if let (Some(mut paper), Some(path)) = (paper, &flags.report) {
            let text = report.text(path);
            paper
                .write_all(text.as_bytes())
                .map_err(|error| unwritable(path, &error))?;
        }
        let failed = report
            .assertions
            .iter()
            .filter(|judgement| !tell(judgement))
            .count();
        Ok(match status {
            0 if failed > 0 => ExitCode::FAILURE,
            _ => ExitCode::from(status),
        })
    })
}

/// Serves while the command runs, and tells how it ended, or that it could not
/// begin.
async fn attend(
    server: &Arc<Server>,
    listeners: Vec<TcpListener>,
    workers: &mut Workers,
    command: &mut Command,
) -> Result<Result<u8, ExitCode>, Failure> {
    let listeners = registered(listeners)?;
    // Before the command can look.
    if let Some(ipv6) = &server.ipv6 {
        ipv6.update(&server.pool).await;
    }
    let signals = Signals::listen().map_err(|error| broken(&error))?;
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
    let status = status.map_err(|error| broken(&error))?;
    Ok(Ok(command::exit_status(status)))
}

/// Says why an assertion does not hold, if so, and whether it does.
fn tell(judgement: &Judgement) -> bool {
    for failure in &judgement.failures {
        let assertion = Escaped(&judgement.assertion);
        say(format_args!("{assertion}: {}", Escaped(failure)));
    }
    judgement.failures.is_empty()
}

/// The sockets of the emulator, the one for control calls first, and whether
/// there may be one for IPv6 as well.
fn listeners(flags: &Run) -> Result<(Vec<TcpListener>, bool), Failure> {
    if !flags.namespace {
        return Ok((vec![listen("imdsim run", "127.0.0.1:0")?], false));
    }
    let has_ipv6 = namespace::enter()?;
    let addresses = namespace::ADDRESSES.into_iter();
    let listeners = addresses.map(|address| listen("--namespace", address));
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

/// Makes the file of the report, before anything is run in vain.
fn create(path: &Path) -> Result<File, Failure> {
    File::create(path).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        path.display(),
        format_args!("the report cannot be written: {error}"),
        "give --report a file that can be",
    )
}

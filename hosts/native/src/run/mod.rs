//! `imdsim run`: a command that finds the emulator, and a judgement of what it
//! asked for.
//!
//! The emulator lives as long as the command, in this process.

mod calls;
mod command;
mod flags;
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

use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::{Request, StatusCode};
use imdsim::{Config, Settings};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use tokio::process::Command;
use tokio::runtime::Builder;

pub(crate) use self::flags::Run;

use self::calls::{Count, Journal};
use self::command::Signals;
use self::judgement::Judgement;
use self::readiness::Verdict;
use self::report::Report;
use crate::cli;
use crate::engine;
use crate::fail::{Failure, broken, say};
use crate::files::Files;
use crate::instance_pool::InstancePool;
use crate::keyvalue::Memory;
use crate::log::{Escaped, Log};
use crate::serve::listen;
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
    if flags.judges() && journal_len(&settings) == 0 {
        return Err(Failure::new(
            JOURNAL,
            "it is off, so nothing could be judged",
            "set IMDSIM_JOURNAL to the number of requests to keep",
        ));
    }
    let listeners = listeners(flags)?;
    let address = listeners[0].local_addr().map_err(|error| broken(&error))?;
    let mut command = Command::new(program);
    command.args(arguments);
    for (name, value) in surroundings::changes(flags, address, &environment()) {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let component = engine::load().map_err(|error| broken(&error))?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| broken(&error))?;
    let mut workers = Workers::start().map_err(|error| broken(&error))?;
    runtime.block_on(async {
        let pool = InstancePool::new(&component, settings.to_json(), Arc::new(Memory::default()))
            .await
            .map_err(|error| broken(&error))?;
        let server = Arc::new(Server {
            pool,
            keep_alive: false,
            log: Log::new(flags.log),
        });
        let status = match attend(&server, listeners, &mut workers, &mut command).await? {
            Ok(status) => status,
            Err(not_started) => return Ok(not_started),
        };
        if !flags.judges() {
            return Ok(ExitCode::from(status));
        }
        let report = report(&server.pool, &settings, flags, status).await?;
        if let (Some(mut paper), Some(path)) = (paper, &flags.report) {
            let is_xml = path.extension().is_some_and(|end| end == "xml");
            let text = if is_xml {
                report.to_junit()
            } else {
                report.to_json()
            };
            paper
                .write_all(text.as_bytes())
                .map_err(|error| unwritable(path, &error))?;
        }
        let mut holds = true;
        for Judgement {
            assertion,
            failures,
        } in &report.assertions
        {
            for failure in failures {
                holds = false;
                say(format_args!("{}: {}", Escaped(assertion), Escaped(failure)));
            }
        }
        Ok(if status == 0 && !holds {
            ExitCode::FAILURE
        } else {
            ExitCode::from(status)
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
    let listeners = listeners
        .into_iter()
        .map(tokio::net::TcpListener::from_std)
        .collect::<Result<_, _>>()
        .map_err(|error| broken(&error))?;
    let signals = Signals::listen().map_err(|error| broken(&error))?;
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Ok(Err(command::not_started(command, &error))),
    };
    let mut status = None;
    let end = async {
        status = Some(command::wait(&mut child, signals).await);
    };
    Arc::clone(server).run(listeners, workers, end).await;
    let status = status.expect("the server runs until the command has ended");
    let status = status.map_err(|error| broken(&error))?;
    Ok(Ok(command::exit_status(status)))
}

/// The sockets of the emulator, the one for control calls first.
fn listeners(flags: &Run) -> Result<Vec<TcpListener>, Failure> {
    if !flags.namespace {
        return Ok(vec![listen("imdsim run", "127.0.0.1:0")?]);
    }
    let has_ipv6 = namespace::enter()?;
    let addresses = namespace::ADDRESSES.into_iter();
    addresses
        .chain(has_ipv6.then_some(namespace::IPV6_ADDRESS))
        .map(|address| listen("--namespace", address))
        .collect()
}

/// The variables of this process. Those that are no text are the command's too,
/// and nothing is decided by them.
fn environment() -> BTreeMap<String, String> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

/// Asks the emulator what it was asked, and judges it.
async fn report(
    pool: &InstancePool,
    settings: &Settings,
    flags: &Run,
    exit_status: u8,
) -> Result<Report, Failure> {
    let token = Config::new(settings)?.admin_token;
    let token = token.as_deref();
    let Journal { requests: calls } = ask(pool, token, "requests").await?;
    let clients = readiness::clients(&calls);
    let mut assertions = Vec::new();
    if flags.assert_no_v1 {
        let is_full = calls.len() as u64 >= journal_len(settings);
        assertions.push(judgement::no_v1(&clients, is_full));
    }
    for pattern in &flags.assert_requested {
        let pattern_text = utf8_percent_encode(pattern, NON_ALPHANUMERIC);
        let Count { count } =
            ask(pool, token, &format!("requests/count?path={pattern_text}")).await?;
        assertions.push(judgement::requested(pattern, count));
    }
    let command = flags.command.iter();
    Ok(Report {
        command: command
            .map(|part| part.to_string_lossy().into_owned())
            .collect(),
        exit_status,
        assertions,
        ready_for_required_tokens: clients
            .iter()
            .all(|client| client.verdict != Verdict::Breaks),
        clients,
        calls,
    })
}

/// The answer of a control call.
async fn ask<T: DeserializeOwned>(
    pool: &InstancePool,
    token: Option<&str>,
    call: &str,
) -> Result<T, Failure> {
    let mut request = Request::get(format!("/_imdsim/{call}")).header(HOST, "localhost");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request
        .body(Bytes::new())
        .map_err(|error| unknown(&error))?;
    let response = pool
        .answer(request)
        .await
        .map_err(|error| unknown(&error))?;
    let text = String::from_utf8_lossy(response.body());
    if response.status() != StatusCode::OK {
        return Err(unknown(&text));
    }
    serde_json::from_str(&text).map_err(|error| unknown(&error))
}

/// How many requests the journal holds at most.
fn journal_len(settings: &Settings) -> u64 {
    let settings = serde_json::from_str(&settings.to_json()).unwrap_or_default();
    let serde_json::Value::Object(settings) = settings else {
        return 0;
    };
    match settings.get(JOURNAL) {
        Some(serde_json::Value::String(text)) => text.parse().unwrap_or_default(),
        Some(number) => number.as_u64().unwrap_or_default(),
        None => 0,
    }
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

fn unknown(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        "imdsim run",
        format_args!("what was asked is not known: {error}"),
        "report this as a bug of imdsim",
    )
}

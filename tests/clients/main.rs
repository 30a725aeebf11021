//! Real clients with the native program and with `wasmtime serve`, in a network
//! namespace with only loopback, so that a misconfigured client cannot reach a
//! real service.
//!
//! Tests of clients that are not installed are reported as ignored, or as failed
//! if `IMDSIM_REQUIRE_CLIENTS` is set. `.ci/clients` installs the clients.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]
#![allow(
    clippy::print_stdout,
    reason = "reasons for skipped tests; output of clients in this program"
)]

#[path = "../support/as_native.rs"]
mod as_native;
/// The Rust client, which runs in a separate process.
mod aws_config;
/// cloud-init's crawl at first boot.
mod cloud_init;
/// The documented file for Docker Compose.
mod compose;
#[path = "../support/endpoint.rs"]
mod endpoint;
/// Clients under faults.
mod faults;
/// The native program and `wasmtime serve`.
mod hosts;
/// The network namespace of the tests.
mod namespace;
/// Conformance of the control API to its OpenAPI document.
mod openapi;
/// A page of the documentation.
mod page;
/// Pinned versions of the clients.
mod pins;
#[allow(dead_code, reason = "shared with the tests of the native program")]
#[path = "../native/program.rs"]
mod program;
/// A client, its command and the expected output.
mod row;
/// The rows of the compatibility table.
mod rows;
#[allow(dead_code, reason = "shared with the tests of `wasmtime serve`")]
#[path = "../wasmtime/host.rs"]
mod serve;
/// The documented snippets for test tools, run unchanged.
mod snippets;
/// The page with the compatibility table.
mod table;
/// The picture of a terminal session in README.md.
mod terminal;
#[allow(dead_code, reason = "shared with the tests of other hosts")]
#[path = "../support/transcript.rs"]
mod transcript;
/// Commands of the documentation, run page by page.
mod walkthrough;
/// The documented workflow for GitHub Actions.
mod workflow;

use std::process::ExitCode;
use std::sync::Arc;

use hosts::HostKind;
use libtest_mimic::{Arguments, Failed, Trial};
use rows::ROWS;
use table::{CONFIGURATIONS, Outcomes};
use transcript::files;

/// The variable that makes this test write the page with the result of every row.
const WRITE: &str = "IMDSIM_WRITE_CLIENTS";

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(aws_config::COMMAND) {
        return aws_config::run();
    }
    if std::env::args().nth(1).as_deref() == Some(faults::aws_config::COMMAND) {
        return faults::aws_config::run();
    }
    // Before entering the namespace, which has no network.
    let no_wasmtime = serve::missing();
    if no_wasmtime.is_none() && !namespace::is_inside() {
        serve::build();
    }
    let no_namespace = match namespace::enter() {
        namespace::Entered::Finished(code) => return code,
        namespace::Entered::Inside => None,
        namespace::Entered::Unavailable(reason) => Some(reason),
    };
    let mut trials = cloud_init::trials(no_namespace.as_deref());
    trials.extend(openapi::trials(no_namespace.as_deref()));
    trials.extend(snippets::trials(no_namespace.as_deref()));
    trials.extend(walkthrough::trials(no_namespace.as_deref()));
    trials.push(terminal::trial(no_namespace.as_deref()));
    let write = std::env::var_os(WRITE).is_some();
    if !write {
        trials.extend(table::trials());
        trials.extend(faults::trials(no_namespace.as_deref()));
    }
    let outcomes = Arc::new(Outcomes::default());
    for (index, row) in ROWS.iter().enumerate() {
        let missing = no_namespace.clone().or_else(|| row.missing());
        for (configuration, (kind, tokens)) in CONFIGURATIONS.into_iter().enumerate() {
            let no_host = no_wasmtime.clone().filter(|_| kind == HostKind::Wasmtime);
            let outcomes = Arc::clone(&outcomes);
            trials.push(trial(
                format!(
                    "{} with {}, tokens {tokens}: {}",
                    row.name,
                    kind.name(),
                    row.command
                ),
                missing.clone().or(no_host).as_deref(),
                move || {
                    let outcome = row.check(&kind.start(tokens), row.expected(tokens));
                    outcomes
                        .lock()
                        .unwrap()
                        .insert((index, configuration), outcome.is_ok());
                    outcome
                },
            ));
        }
    }
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    if write {
        let outcomes = outcomes.lock().unwrap();
        let page =
            table::page(|index, configuration| outcomes.get(&(index, configuration)).copied());
        println!("{page}");
        std::fs::write(files::folder().join("../docs/clients.md"), page).unwrap();
    }
    conclusion.exit_code()
}

/// A trial of a client, ignored or failed if the client is missing.
fn trial(
    name: String,
    missing: Option<&str>,
    run: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let required = std::env::var_os("IMDSIM_REQUIRE_CLIENTS").is_some();
    match missing.map(str::to_owned) {
        Some(reason) if required => Trial::test(name, move || Err(Failed::from(reason))),
        Some(reason) => {
            println!("skipped: {name}: {reason}");
            Trial::test(name, || Ok(())).with_ignored_flag(true)
        }
        None => Trial::test(name, run),
    }
}

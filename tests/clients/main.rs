//! Real clients against the native program, in a network namespace with only
//! loopback, so that a misconfigured client cannot reach a real service.
//!
//! Tests of clients that are not installed are reported as ignored, or as failed
//! if `IMDSIM_REQUIRE_CLIENTS` is set. `.ci/clients` installs them.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]
#![allow(
    clippy::print_stdout,
    reason = "reasons for what is skipped; a client's words"
)]

#[path = "../support/as_native.rs"]
mod as_native;
/// The Rust client, as a program of its own.
mod aws_config;
/// cloud-init at its first boot.
mod cloud_init;
/// The file for Docker Compose.
mod compose;
#[path = "../support/endpoint.rs"]
mod endpoint;
/// Clients under faults.
mod faults;
/// The native program and `wasmtime serve`.
mod hosts;
/// The namespace around all of this.
mod namespace;
/// The control API by its OpenAPI document.
mod openapi;
/// A page of the documentation.
mod page;
/// The versions of the clients.
mod pins;
#[allow(
    dead_code,
    reason = "shared with the tests of the program, which use all of it"
)]
#[path = "../native/program.rs"]
mod program;
/// A client, its command and the expected output.
mod row;
/// The matrix.
mod rows;
#[allow(dead_code, reason = "shared with the tests of `wasmtime serve`")]
#[path = "../wasmtime/host.rs"]
mod serve;
/// The documented snippets for tools, run unchanged.
mod snippets;
/// The matrix as a page.
mod table;
/// The picture of a terminal in README.md.
mod terminal;
#[allow(dead_code, reason = "shared with the tests of other hosts")]
#[path = "../support/transcript.rs"]
mod transcript;
/// Pages of the documentation, followed from top to bottom.
mod walkthrough;
/// The workflow for GitHub Actions.
mod workflow;

use std::process::ExitCode;
use std::sync::Arc;

use hosts::Kind;
use libtest_mimic::{Arguments, Failed, Trial};
use rows::ROWS;
use table::{Outcomes, WAYS};
use transcript::files;

/// With this set, the page is written, and says how every row ended.
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
    let outside = match namespace::enter() {
        namespace::Entered::Finished(code) => return code,
        namespace::Entered::Inside => None,
        namespace::Entered::Impossible(reason) => Some(reason),
    };
    let mut trials = cloud_init::trials(outside.as_deref());
    trials.extend(openapi::trials(outside.as_deref()));
    trials.extend(snippets::trials(outside.as_deref()));
    trials.extend(walkthrough::trials(outside.as_deref()));
    trials.push(terminal::trial(outside.as_deref()));
    let write = std::env::var_os(WRITE).is_some();
    if !write {
        trials.extend(table::trials());
        trials.extend(faults::trials(outside.as_deref()));
    }
    let outcomes = Arc::new(Outcomes::default());
    for (number, row) in ROWS.iter().enumerate() {
        let missing = outside.clone().or_else(|| row.missing());
        for (way, (kind, tokens)) in WAYS.into_iter().enumerate() {
            let serving = no_wasmtime.clone().filter(|_| kind == Kind::Wasmtime);
            let outcomes = Arc::clone(&outcomes);
            trials.push(trial(
                format!(
                    "{} is served by {}, tokens {tokens}: {}",
                    row.name,
                    kind.name(),
                    row.command
                ),
                missing.clone().or(serving).as_deref(),
                move || {
                    let outcome = row.check(&kind.start(tokens), row.answer(tokens));
                    outcomes
                        .lock()
                        .unwrap()
                        .insert((number, way), outcome.is_ok());
                    outcome
                },
            ));
        }
    }
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    if write {
        let outcomes = outcomes.lock().unwrap();
        let page = table::page(|row, way| outcomes.get(&(row, way)).copied());
        println!("{page}");
        std::fs::write(files::folder().join("../docs/clients.md"), page).unwrap();
    }
    conclusion.exit_code()
}

/// A trial of a client; of one that is missing it fails or is ignored.
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

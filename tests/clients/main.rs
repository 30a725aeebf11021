//! Real clients against the native program, in a network namespace that has
//! nothing but loopback: a client that missed its endpoint could reach nobody.
//!
//! A client that is not installed is reported as ignored, with the reason;
//! with `IMDSIM_REQUIRE_CLIENTS` set, that is a failure. `.ci/clients` installs
//! them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(
    clippy::print_stdout,
    reason = "reasons for what is skipped; a client's words"
)]

/// The Rust client, as a program of its own.
mod aws_config;
/// How each client is found and run.
mod client;
/// cloud-init at its first boot.
mod cloud_init;
/// Clients where things go wrong.
mod faults;
#[allow(
    dead_code,
    reason = "shared with the tests in process, which use all of it"
)]
#[path = "../support/files.rs"]
mod files;
/// The namespace around all of this.
mod namespace;
/// The control API by its OpenAPI document.
mod openapi;
#[allow(
    dead_code,
    reason = "shared with the tests of the program, which use all of it"
)]
#[path = "../native/program.rs"]
mod program;

use std::process::ExitCode;

use client::{CLIENTS, Client};
use libtest_mimic::{Arguments, Failed, Trial};
use program::Program;

const INSTANCE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/data/describe-instances.json"
);
const ROLE: &str = "/latest/meta-data/iam/security-credentials/web-guest";

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(aws_config::COMMAND) {
        return aws_config::run();
    }
    if std::env::args().nth(1).as_deref() == Some(faults::aws_config::COMMAND) {
        return faults::aws_config::run();
    }
    let outside = match namespace::enter() {
        namespace::Entered::Finished(code) => return code,
        namespace::Entered::Inside => None,
        namespace::Entered::Impossible(reason) => Some(reason),
    };
    let mut trials = cloud_init::trials(outside.as_deref());
    trials.extend(openapi::trials(outside.as_deref()));
    trials.extend(faults::trials(outside.as_deref()));
    for client in CLIENTS {
        let missing = outside.clone().or_else(|| client.missing());
        for tokens in ["optional", "required"] {
            trials.push(trial(
                format!("{} finds credentials with tokens {tokens}", client.name),
                missing.as_deref(),
                move || finds_credentials(client, tokens),
            ));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
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

/// The client says which key it found and, if it can, which Region.
fn finds_credentials(client: &Client, tokens: &str) -> Result<(), Failed> {
    let program = Program::start(&[
        "--instance",
        INSTANCE,
        "--http-tokens",
        tokens,
        "--log",
        "json",
    ]);
    let said = client.run(&format!("http://{}/", program.address()))?;
    let expected = access_key_id(&program);
    // The AWS CLI shows the last four characters only.
    let shown = &expected[expected.len() - client.shown.min(expected.len())..];
    if !said.contains(shown) {
        return Err(format!("{shown} is not in what the client said:\n{said}").into());
    }
    if client.finds_region && !said.contains("us-east-1") {
        return Err(format!("us-east-1 is not in what the client said:\n{said}").into());
    }
    Ok(())
}

/// What the service itself gives to requests with a token, as all of these are.
fn access_key_id(program: &Program) -> String {
    let put = program.send(
        "PUT /latest/api/token HTTP/1.1\r\nHost: test\r\n\
         X-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n",
    );
    let token = program::body(&put);
    let response = program.send(format!(
        "GET {ROLE} HTTP/1.1\r\nHost: test\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n"
    ));
    let document: serde_json::Value = serde_json::from_str(program::body(&response)).unwrap();
    document["AccessKeyId"].as_str().unwrap().to_owned()
}

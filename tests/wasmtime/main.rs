//! The standalone component under a real `wasmtime serve`, its state in a folder.
//!
//! Without `wasmtime` on the PATH these tests are reported as ignored, or as
//! failed if `IMDSIM_REQUIRE_HOSTS` is set. `.ci/wasmtime` installs it.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]
#![allow(clippy::print_stdout, reason = "reasons for skipped tests")]

#[path = "../support/as_native.rs"]
mod as_native;
mod bodies;
#[path = "../support/client_requests.rs"]
mod client_requests;
#[path = "../support/crash_recovery.rs"]
mod crash_recovery;
#[path = "../support/endpoint.rs"]
mod endpoint;
/// A running `wasmtime serve`.
mod host;
/// Claims beyond the transcripts.
mod host_contract;
#[path = "../support/load.rs"]
mod load;
#[allow(dead_code, reason = "shared with the tests of other hosts")]
#[path = "../support/transcript.rs"]
mod transcript;

use std::process::ExitCode;

use endpoint::Endpoint as _;
use host::Host;
use libtest_mimic::{Arguments, Trial};
use transcript::Transcript;

/// A claim and its test.
type Claim = (String, Box<dyn FnOnce() + Send>);

fn main() -> ExitCode {
    let missing = host::missing();
    let required = std::env::var_os("IMDSIM_REQUIRE_HOSTS").is_some();
    let mut claims: Vec<Claim> = Vec::new();
    for (name, prove) in host_contract::CLAIMS {
        claims.push((name.to_owned(), Box::new(prove)));
    }
    for (claim, prove) in client_requests::HABITS {
        claims.push((
            claim.to_owned(),
            Box::new(move || prove(Host::start(None, &[]).address())),
        ));
    }
    for transcript in transcript::all() {
        let name = transcript.path.file_name().unwrap().to_string_lossy();
        let name = format!("{name} is answered to the byte");
        claims.push((name, Box::new(move || replay(&transcript))));
    }
    if missing.is_none() || required {
        host::build();
    }
    let trials = claims.into_iter().map(|(name, prove)| match &missing {
        None => Trial::test(name, || {
            prove();
            Ok(())
        }),
        Some(reason) if required => {
            let reason = reason.clone();
            Trial::test(name, move || Err(reason.into()))
        }
        Some(reason) => {
            println!("skipped: {name}: {reason}");
            Trial::test(name, || Ok(())).with_ignored_flag(true)
        }
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn replay(transcript: &Transcript) {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::start(Some(folder.path()), &transcript.settings);
    transcript.replay(|request| host.exchange(request));
}

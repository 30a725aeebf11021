//! The composed component under a real `wasmtime serve`, its state in a folder.
//!
//! Without `wasmtime` on the PATH these are reported as ignored; with
//! `IMDSIM_REQUIRE_HOSTS` set, that is a failure. `.ci/wasmtime` installs it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "reasons for what is skipped")]

#[path = "../support/as_native.rs"]
mod as_native;
/// What is claimed beyond the transcripts.
mod claims;
#[path = "../support/endpoint.rs"]
mod endpoint;
/// A running `wasmtime serve`.
mod host;
#[path = "../support/load.rs"]
mod load;
#[path = "../support/survival.rs"]
mod survival;
#[allow(dead_code, reason = "shared with the tests of other hosts")]
#[path = "../support/transcript.rs"]
mod transcript;

use std::process::{Command, ExitCode};

use endpoint::Endpoint as _;
use host::Host;
use libtest_mimic::{Arguments, Trial};
use transcript::Transcript;

/// What is claimed, and how it is proven.
type Claim = (String, Box<dyn FnOnce() + Send>);

fn main() -> ExitCode {
    let missing = missing();
    let required = std::env::var_os("IMDSIM_REQUIRE_HOSTS").is_some();
    let mut claims: Vec<Claim> = Vec::new();
    for (name, prove) in claims::CLAIMS {
        claims.push((name.to_owned(), Box::new(prove)));
    }
    for transcript in transcript::all() {
        let name = transcript.path.file_name().unwrap().to_string_lossy();
        let name = format!("{name} is answered to the byte");
        claims.push((name, Box::new(move || replay(&transcript))));
    }
    if missing.is_none() || required {
        // What is tested is what would be handed out now.
        let built = Command::new(env!("CARGO"))
            .args([
                "run",
                "--quiet",
                "--locked",
                "--package",
                "xtask",
                "--",
                "dist",
            ])
            .current_dir(host::root())
            .status();
        assert!(built.unwrap().success(), "cargo xtask dist failed");
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

/// Why there is nothing to run the component with.
fn missing() -> Option<String> {
    let version = Command::new("wasmtime").arg("--version").output();
    let Ok(version) = version else {
        return Some("no wasmtime on PATH".into());
    };
    let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
    let number = version.strip_prefix("wasmtime ").unwrap_or_default();
    let major = number.split('.').next().unwrap_or_default();
    (major.parse::<u32>().unwrap_or_default() < 48)
        .then(|| format!("{version} is older than wasmtime 48"))
}

fn replay(transcript: &Transcript) {
    let folder = tempfile::tempdir().unwrap();
    let host = Host::start(Some(folder.path()), &transcript.settings);
    transcript.replay(|request| host.exchange(request));
}

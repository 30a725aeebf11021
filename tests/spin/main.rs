//! The components on Spin.
//!
//! A host built here on wasmtime offers the same interfaces as Spin, so that these
//! tests run everywhere. If `spin` is on the PATH, `spin up` also runs `spin.toml`;
//! otherwise those trials are reported as ignored.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]
#![allow(clippy::print_stdout, reason = "reasons for skipped tests")]

#[path = "../support/as_native.rs"]
mod as_native;
#[path = "../support/client_requests.rs"]
mod client_requests;
/// The components, compiled by the build script.
mod components;
#[path = "../support/crash_recovery.rs"]
mod crash_recovery;
#[path = "../support/endpoint.rs"]
mod endpoint;
mod engine_config;
/// Instances of the components.
mod guest;
/// A component with the grants of the manifest.
mod host;
/// Claims beyond the transcripts.
mod host_contract;
/// `fermyon:spin/variables` and `wasi:keyvalue`.
mod interfaces;
#[allow(dead_code, reason = "shared with the tests of other hosts")]
#[path = "../support/load.rs"]
mod load;
/// `spin.toml`.
mod manifest;
#[allow(dead_code, reason = "shared with the tests of other hosts")]
#[path = "../support/transcript.rs"]
mod transcript;
/// A real `spin up`.
mod up;
/// Spin's stores.
mod values;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use endpoint::Endpoint as _;
use host::Host;
use libtest_mimic::{Arguments, Trial};
use transcript::Transcript;
use up::Up;
use values::{Kind, Values};

fn main() -> ExitCode {
    let mut trials = vec![
        trial("spin.toml has every setting", manifest::has_every_setting),
        trial("spin.toml grants the least", manifest::grants_the_least),
    ];
    trials.extend(host_contract::CLAIMS.map(|(name, prove)| trial(name, prove)));
    for transcript in transcript::all() {
        let transcript = Arc::new(transcript);
        let name = transcript.path.file_name().unwrap().to_string_lossy();
        let byte = format!("{name} is answered to the byte");
        let (spin, universal, up) = (transcript.clone(), transcript.clone(), transcript.clone());
        trials.extend([
            trial(&byte, move || {
                replay(&spin, |values| Host::new(values, &spin.settings));
            }),
            trial(&format!("imdsim.wasm: {byte}"), move || {
                replay(&universal, |values| {
                    Host::universal(values, &universal.settings)
                });
            }),
            real(&format!("spin up: {byte}"), move || {
                let folder = tempfile::tempdir().unwrap();
                let host = Up::start(folder.path(), &up.settings);
                up.replay(|request| host.exchange(request));
            }),
        ]);
    }
    trials.extend(client_requests::HABITS.map(|(name, prove)| {
        real(&format!("spin up: {name}"), move || {
            let folder = tempfile::tempdir().unwrap();
            prove(&Up::start(folder.path(), &[]).address);
        })
    }));
    trials.extend(up::CLAIMS.map(|(name, prove)| real(name, prove)));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn replay(transcript: &Transcript, start: impl Fn(&Arc<Values>) -> Host) {
    let host = start(&Arc::new(Values::new(Kind::Sqlite)));
    transcript.replay(|request| host.exchange(request));
}

fn trial(name: &str, prove: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, || {
        prove();
        Ok(())
    })
}

/// A trial that needs a `spin`.
fn real(name: &str, prove: impl FnOnce() + Send + 'static) -> Trial {
    match up::missing() {
        None => trial(name, move || {
            up::build();
            prove();
        }),
        Some(reason) => {
            println!("skipped: {reason}: {name}");
            Trial::test(name, || Ok(())).with_ignored_flag(true)
        }
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    transcript::folder().parent().unwrap().to_owned()
}

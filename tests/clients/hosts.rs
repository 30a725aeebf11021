//! The two hosts that run the emulator for the clients.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::{Timestamp, Unit};
use tempfile::TempDir;

use crate::endpoint::{self, Endpoint};
use crate::program::{Program, text};
use crate::serve;
use crate::transcript::{Message, files};

/// The instance's user data.
pub(crate) const USER_DATA: &str = "#cloud-config\nruncmd: []\n";

/// A host of the emulator.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostKind {
    Native,
    Wasmtime,
}

/// A running emulator. Its clock is frozen, so that credentials do not rotate
/// between a client's request and the test's.
pub(crate) enum Host {
    Native(Program),
    /// With the folder of the stored state.
    Wasmtime(
        serve::Host,
        #[allow(dead_code, reason = "removed on drop")] TempDir,
    ),
}

impl HostKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Native => "`imdsim`",
            Self::Wasmtime => "`wasmtime serve`",
        }
    }

    /// Starts the host with this test's instance.
    pub(crate) fn start(self, tokens: &str) -> Host {
        let instance = files::folder().join("data/describe-instances.json");
        let now = Timestamp::now().round(Unit::Second).unwrap();
        let settings = [
            ("instance", std::fs::read_to_string(instance).unwrap()),
            ("http_tokens", tokens.to_owned()),
            ("frozen_time", now.to_string()),
            ("user_data", BASE64_STANDARD.encode(USER_DATA)),
        ]
        .map(|(key, value)| (key.to_owned(), value));
        let folder = tempfile::tempdir().unwrap();
        match self {
            Self::Native => {
                let config = folder.path().join("imdsim.json");
                let document: BTreeMap<_, _> = settings.into();
                std::fs::write(&config, serde_json::to_string(&document).unwrap()).unwrap();
                Host::Native(Program::start(&["--config", text(&config)]))
            }
            Self::Wasmtime => {
                let host = serve::Host::run(&COMPONENT, Some(folder.path()), &settings);
                Host::Wasmtime(host, folder)
            }
        }
    }
}

impl Host {
    pub(crate) fn address(&self) -> &str {
        match self {
            Self::Native(program) => program.address(),
            Self::Wasmtime(host, _) => host.address(),
        }
    }
}

impl Endpoint for Host {
    fn exchange(&self, request: &Message) -> Message {
        endpoint::exchange(self.address(), request)
    }
}

/// The component, compiled once for all tests.
static COMPONENT: LazyLock<PathBuf> =
    LazyLock::new(|| serve::compile(Path::new(env!("CARGO_TARGET_TMPDIR"))));

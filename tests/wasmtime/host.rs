use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::endpoint::{self, Endpoint};
use crate::transcript::{Message, folder};

/// The host, killed on drop.
pub(crate) struct Host {
    child: Child,
    address: String,
}

impl Host {
    /// Starts the host on a free port, with or without a folder for the state.
    pub(crate) fn start(state: Option<&Path>, settings: &[(String, String)]) -> Self {
        Self::run(&component(), state, settings)
    }

    /// Starts a given component, which may be precompiled.
    pub(crate) fn run(
        component: &Path,
        state: Option<&Path>,
        settings: &[(String, String)],
    ) -> Self {
        let mut command = Command::new("wasmtime");
        command.args(["serve", "-S", "cli", "--addr", "127.0.0.1:0"]);
        command.arg("--allow-precompiled");
        command.args(["--env", "IMDSIM_LOOPBACK_ONLY=true"]);
        if let Some(folder) = state {
            command
                .arg("--dir")
                .arg(format!("{}::/state", folder.display()));
        }
        for (key, value) in settings {
            let key = key.to_uppercase();
            command.arg("--env").arg(format!("IMDSIM_{key}={value}"));
        }
        let mut child = command
            .arg(component)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let address = stderr
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                let address = line.split_once("http://")?.1;
                Some(address.trim_end_matches('/').to_owned())
            })
            .expect("wasmtime says where it serves");
        Self { child, address }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Endpoint for Host {
    fn exchange(&self, request: &Message) -> Message {
        endpoint::exchange(&self.address, request)
    }
}

impl Drop for Host {
    /// Kills the host without cleanup, like a crash.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The reason why `wasmtime` cannot run here, if so.
pub(crate) fn missing() -> Option<String> {
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

/// Builds the current distribution, so that the tests use it.
pub(crate) fn build() {
    let built = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--locked", "--package", "xtask", "--"])
        .arg("dist")
        .current_dir(root())
        .status();
    assert!(built.unwrap().success(), "cargo xtask dist failed");
}

fn component() -> PathBuf {
    root().join("dist/imdsim-standalone.wasm")
}

/// Compiles the component, as the host would at each start.
pub(crate) fn compile(folder: &Path) -> PathBuf {
    let compiled = folder.join("imdsim.cwasm");
    let status = Command::new("wasmtime")
        .arg("compile")
        .arg(component())
        .arg("-o")
        .arg(&compiled)
        .status();
    assert!(status.unwrap().success(), "wasmtime compile failed");
    compiled
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    folder().parent().unwrap().to_owned()
}

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Once;

use crate::crash_recovery;
use crate::endpoint::{self, Endpoint};
use crate::transcript::Message;
use crate::{load, root};

/// Claims and their tests.
pub(crate) const CLAIMS: [(&str, fn()); 2] = [
    ("spin up: what was changed outlives a killed host", outlives),
    ("spin up: concurrent writers lose nothing", nothing_is_lost),
];

/// A running `spin up`, killed on drop with its child processes.
pub(crate) struct Up {
    child: Child,
    pub(crate) address: String,
}

/// The reason why `spin` cannot run here, if so.
pub(crate) fn missing() -> Option<String> {
    let version = Command::new("spin").arg("--version").output();
    version.is_err().then(|| "no spin on PATH".to_owned())
}

/// Builds the current distribution, so that the tests use it.
pub(crate) fn build() {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
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
            .current_dir(root())
            .status();
        assert!(built.unwrap().success(), "cargo xtask dist failed");
    });
}

impl Up {
    /// Starts `spin.toml` on a free port, its store in a folder.
    pub(crate) fn start(state: &Path, settings: &[(String, String)]) -> Self {
        let variables = settings
            .iter()
            .map(|(key, value)| (format!("SPIN_VARIABLE_{}", key.to_uppercase()), value));
        let mut child = Command::new("spin")
            .args(["up", "--listen", "127.0.0.1:0", "--from"])
            .arg(root().join("spin.toml"))
            .arg("--state-dir")
            .arg(state)
            .env("SPIN_VARIABLE_LOOPBACK_ONLY", "true")
            .envs(variables)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut lines = stdout.lines().map_while(Result::ok);
        let address = lines
            .find_map(|line| Some(line.split_once("http://")?.1.trim().to_owned()))
            .expect("spin says where it serves");
        // Drains the pipe: printing into a closed one would fail.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }
}

impl Endpoint for Up {
    fn exchange(&self, request: &Message) -> Message {
        endpoint::exchange(&self.address, request)
    }
}

impl Drop for Up {
    /// Kills the host without cleanup, like a crash.
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.child.wait();
    }
}

fn outlives() {
    let folder = tempfile::tempdir().unwrap();
    crash_recovery::outlives(|| Up::start(folder.path(), &[]));
}

fn nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    load::nothing_is_lost(&Up::start(folder.path(), &[]).address);
}

//! Instructions per request of a host with a component, by Callgrind: unlike times,
//! they do not depend on what else the machine does.

use std::process::Command;

use anyhow::{Context as _, Result};

use super::load::{Connection, Load};
use super::server::Server;

/// Numbers of requests of two runs. The difference of their instructions is that of
/// the additional requests, without the start of the host.
const REQUESTS: [u32; 2] = [20, 60];

/// Whether Callgrind is installed.
pub(super) fn are_counted() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok()
}

/// Instructions per request of the load's kind; `prepare` runs before the load.
pub(super) fn per_request(
    host: &Command,
    path: &str,
    prepare: impl Fn(&Server) -> Result<()>,
) -> Result<u64> {
    let [few, many] = REQUESTS.map(|requests| count(host, path, requests, &prepare));
    Ok((many? - few?) / u64::from(REQUESTS[1] - REQUESTS[0]))
}

/// Instructions of a host from its start to its end.
fn count(
    host: &Command,
    path: &str,
    requests: u32,
    prepare: impl Fn(&Server) -> Result<()>,
) -> Result<u64> {
    let folder = tempfile::tempdir()?;
    let report = folder.path().join("report");
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(format!("--log-file={}", report.display()))
        .arg(host.get_program())
        .args(host.get_args())
        // Callgrind cannot reserve the addresses of Spin's thousand.
        .env("SPIN_MAX_INSTANCE_COUNT", "8");
    for (name, value) in host.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let server = Server::start(&mut command)?;
    prepare(&server)?;
    let load = Load::new(path, &server.token()?);
    let mut connection = Connection::open(server.address, load.token())?;
    for _ in 0..requests {
        connection.get(path)?;
    }
    server.interrupt()?;
    let report = std::fs::read_to_string(report)?;
    let collected = report
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let (_, collected) = collected.context("Callgrind reported no instructions")?;
    Ok(collected.trim().parse()?)
}

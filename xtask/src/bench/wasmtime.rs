//! Comparison of the standalone component to a minimal one under `wasmtime serve`.

use std::process::Command;

use anyhow::{Context as _, Result};
use imdsim_guest::Profile;

use super::load::Load;
use super::server::Server;
use super::{PATH, compare};
use crate::dist;

/// Number of requests per instance when instances are reused.
const REUSES: &str = "1000000";

/// Prints both comparisons, or the reason for skipping them.
pub(super) fn run() -> Result<()> {
    if Command::new("wasmtime").arg("--version").output().is_err() {
        println!("\nskipped: wasmtime is not on the PATH; .ci/wasmtime installs it");
        return Ok(());
    }
    dist::run()?;
    let standalone = imdsim_guest::workspace_root().join("dist/imdsim-standalone.wasm");
    let target_dir = crate::target_dir().join("components");
    let hello = imdsim_guest::build_wasi_component("imdsim-hello", Profile::Fast, &target_dir)?;
    for (how, reuses) in [
        ("instances reused", REUSES),
        ("one instance per request", "1"),
    ] {
        let state = tempfile::tempdir().context("cannot create a temporary folder")?;
        let serve = |component| {
            let mut command = Command::new("wasmtime");
            command
                .args(["serve", "-S", "cli", "--addr", "127.0.0.1:0"])
                .args(["--max-instance-reuse-count", reuses])
                // The control API, for the reset.
                .args(["--env", "IMDSIM_LOOPBACK_ONLY=true"])
                .arg("--dir")
                .arg(format!("{}::/state", state.path().display()))
                .arg(component);
            Server::start(&mut command)
        };
        let (hello, imdsim) = (serve(&hello)?, serve(&standalone)?);
        imdsim.reset()?;
        let load = Load::new(PATH, &imdsim.token()?);
        println!("\nunder wasmtime serve, {how}\n");
        compare(&load, [("hello world", &hello), ("imdsim", &imdsim)])?;
    }
    Ok(())
}

//! `cargo xtask clients`: compatibility table of real clients.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// Runs the tests with real clients, and lets them write the page.
pub(crate) fn run() -> Result<()> {
    let status = Command::new("cargo")
        .args(["test", "--locked", "--package", "imdsim-native"])
        .args(["--test", "clients"])
        .env("IMDSIM_WRITE_CLIENTS", "1")
        .current_dir(imdsim_guest::workspace_root())
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "some clients failed");
    Ok(())
}

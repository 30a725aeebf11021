//! `cargo xtask clients`: every real client against the emulator, as a page.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// Runs the tests with real clients, which write the page on request.
pub(crate) fn run() -> Result<()> {
    let status = Command::new("cargo")
        .args(["test", "--locked", "--package", "imdsim-native"])
        .args(["--test", "clients"])
        .env("IMDSIM_WRITE_CLIENTS", "1")
        .current_dir(imdsim_guest::workspace_root())
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "not every client works");
    Ok(())
}

//! `cargo xtask dist`: the components for distribution.

use std::fs;

use anyhow::{Context as _, Result};
use imdsim_guest::Profile;

use crate::compose;

/// Builds the components into `dist/` and prints their sizes.
pub(crate) fn run() -> Result<()> {
    let emulator = build("imdsim-wasi")?;
    let standalone = compose::plug(&build("imdsim-file-store")?, &emulator)?;
    for (name, bytes) in [
        ("imdsim.wasm", emulator),
        ("imdsim-standalone.wasm", standalone),
        ("imdsim-spin.wasm", build("imdsim-spin")?),
    ] {
        write(name, &bytes)?;
        println!("dist/{name:24} {:7} bytes", bytes.len());
    }
    Ok(())
}

fn build(package: &str) -> Result<Vec<u8>> {
    let target_dir = crate::target_dir().join("components");
    let built = imdsim_guest::build_component(package, Profile::Component, &target_dir)?;
    fs::read(&built).with_context(|| format!("cannot read {}", built.display()))
}

fn write(name: &str, bytes: &[u8]) -> Result<()> {
    let folder = imdsim_guest::workspace_root().join("dist");
    let file = folder.join(name);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&file, bytes))
        .with_context(|| format!("cannot write {}", file.display()))
}

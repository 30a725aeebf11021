//! `cargo xtask dist`: the components for distribution.

use std::fs;

use anyhow::{Context as _, Result};
use imdsim_guest::Profile;

/// Builds the components into `dist/` and prints their sizes.
pub(crate) fn run() -> Result<()> {
    for (name, bytes) in [
        ("imdsim.wasm", build("imdsim-wasi")?),
        ("imdsim-standalone.wasm", build("imdsim-standalone")?),
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

//! `cargo xtask dist`: the components for distribution.

use std::fs;

use anyhow::{Context as _, Result};
use imdsim_guest::Profile;

/// Builds the components into `dist/` and prints their sizes.
pub(crate) fn run() -> Result<()> {
    for (name, package, profile) in [
        ("imdsim.wasm", "imdsim-wasi", Profile::Small),
        ("imdsim-standalone.wasm", "imdsim-standalone", Profile::Fast),
        ("imdsim-spin.wasm", "imdsim-spin", Profile::Fast),
    ] {
        let bytes = build(package, profile)?;
        write(name, &bytes)?;
        println!("dist/{name:24} {:7} bytes", bytes.len());
    }
    Ok(())
}

fn build(package: &str, profile: Profile) -> Result<Vec<u8>> {
    let target_dir = crate::target_dir().join("components");
    let built = imdsim_guest::build_component(package, profile, &target_dir)?;
    fs::read(&built).with_context(|| format!("cannot read {}", built.display()))
}

fn write(name: &str, bytes: &[u8]) -> Result<()> {
    let folder = imdsim_guest::workspace_root().join("dist");
    let file = folder.join(name);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&file, bytes))
        .with_context(|| format!("cannot write {}", file.display()))
}

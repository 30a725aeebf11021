//! `cargo xtask dist`: the components that people run elsewhere.

use std::fs;

use anyhow::{Context as _, Result};
use imdsim_guest::Profile;

/// Builds `dist/imdsim.wasm` and prints its size.
pub(crate) fn run() -> Result<()> {
    let folder = imdsim_guest::workspace_root().join("dist");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let target_dir = crate::target_dir().join("components");
    let built = imdsim_guest::build_component("imdsim-wasi", Profile::Component, &target_dir)?;
    let file = folder.join("imdsim.wasm");
    let bytes = fs::copy(&built, &file)
        .with_context(|| format!("cannot copy {} to {}", built.display(), file.display()))?;
    println!("dist/imdsim.wasm  {bytes} bytes");
    Ok(())
}

//! Builds the component and compiles it to machine code, so that the program
//! has nothing left to compile when it starts.

#[path = "src/engine_config.rs"]
mod engine_config;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use imdsim_guest::Profile;

/// The sources of the component, relative to the root of the workspace.
const SOURCES: [&str; 7] = [
    "build.rs",
    "src",
    "hosts/adapter",
    "hosts/embedded",
    "wit",
    "Cargo.toml",
    "Cargo.lock",
];

fn main() -> Result<()> {
    for source in SOURCES {
        let path = imdsim_guest::workspace_root().join(source);
        println!("cargo::rerun-if-changed={}", path.display());
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").context("cargo sets OUT_DIR")?);
    let component = imdsim_guest::build_component(
        "imdsim-embedded",
        Profile::Embedded,
        &components_dir(&out)?,
    )?;
    let code =
        compile(&component).map_err(|error| anyhow!("cannot compile the component: {error:?}"))?;
    std::fs::write(out.join("imdsim.cwasm"), code)?;
    Ok(())
}

/// A target directory of its own, since the outer cargo holds a lock in its:
/// `OUT_DIR` is `<target>/<profile>/build/<package>/out`.
fn components_dir(out: &Path) -> Result<PathBuf> {
    let target = out.ancestors().nth(4).context("OUT_DIR is that deep")?;
    Ok(target.join("components"))
}

/// Machine code for any processor of the target, not only for this one.
fn compile(component: &Path) -> wasmtime::Result<Vec<u8>> {
    let mut config = engine_config::engine_config();
    config.target(&std::env::var("TARGET")?)?;
    let engine = wasmtime::Engine::new(&config)?;
    let bytes = std::fs::read(component)?;
    engine.precompile_component(&bytes)
}

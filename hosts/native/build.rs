//! Builds the component and precompiles it to machine code, so that the program
//! does not compile it at startup.

#[path = "src/engine_config.rs"]
mod engine_config;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use imdsim_guest::Profile;

/// Sources of the component, relative to the workspace root.
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
    let component =
        imdsim_guest::build_component("imdsim-embedded", Profile::Fast, &components_dir(&out)?)?;
    let code =
        compile(&component).map_err(|error| anyhow!("cannot compile the component: {error:?}"))?;
    std::fs::write(out.join("imdsim.cwasm"), code)?;
    Ok(())
}

/// A separate target directory, because the outer cargo locks its own. `OUT_DIR`
/// is `<target>/<profile>/build/<package>/out`.
fn components_dir(out: &Path) -> Result<PathBuf> {
    let target = out.ancestors().nth(4).context("unexpected OUT_DIR")?;
    Ok(target.join("components"))
}

/// Compiles the component to machine code for any CPU of the target, not only the
/// build machine's.
fn compile(component: &Path) -> wasmtime::Result<Vec<u8>> {
    let mut config = engine_config::engine_config();
    config.target(&std::env::var("TARGET")?)?;
    let engine = wasmtime::Engine::new(&config)?;
    let bytes = std::fs::read(component)?;
    engine.precompile_component(&bytes)
}

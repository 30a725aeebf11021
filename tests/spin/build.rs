//! Builds the distributed components that run on Spin, and compiles them to
//! machine code.

#[path = "engine_config.rs"]
mod engine_config;

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use imdsim_guest::Profile;

/// Sources of the components, relative to the root of the workspace.
const SOURCES: [&str; 8] = [
    "build.rs",
    "src",
    "hosts/adapter",
    "hosts/spin",
    "hosts/wasi",
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
    // Separate from the outer cargo's folders, on which it holds a lock.
    let target = out.ancestors().nth(4).context("OUT_DIR is that deep")?;
    let engine = wasmtime::Engine::new(&engine_config::engine_config())
        .map_err(|error| anyhow!("cannot configure wasmtime: {error:?}"))?;
    for (package, profile) in [
        ("imdsim-spin", Profile::Fast),
        ("imdsim-wasi", Profile::Small),
    ] {
        let component =
            imdsim_guest::build_component(package, profile, &target.join("components"))?;
        let code = engine
            .precompile_component(&std::fs::read(component)?)
            .map_err(|error| anyhow!("cannot compile {package}: {error:?}"))?;
        std::fs::write(out.join(package).with_extension("cwasm"), code)?;
    }
    Ok(())
}

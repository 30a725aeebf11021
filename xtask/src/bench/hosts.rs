//! Hosts that start a new instance of a component for each request.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// A host, the components that are compared on it, and its name.
pub(super) struct Host {
    pub(super) name: &'static str,
    /// The minimal component.
    pub(super) hello: PathBuf,
    pub(super) imdsim: PathBuf,
    serve: fn(&Path, &Path) -> Command,
}

impl Host {
    /// The command that serves a component, with a folder for its state.
    pub(super) fn command(&self, component: &Path, state: &Path) -> Command {
        (self.serve)(component, state)
    }
}

/// `wasmtime serve`, with instances used once or reused.
pub(super) fn wasmtime_serve(hello: &Path, imdsim: &Path) -> Result<[Host; 2]> {
    let [hello, imdsim] = [hello, imdsim].map(|component| compile(component, &[]));
    let (hello, imdsim) = (hello?, imdsim?);
    Ok([
        Host {
            name: "wasmtime serve, instances used once",
            hello: hello.clone(),
            imdsim: imdsim.clone(),
            serve: |component, state| serve(component, state, "1"),
        },
        Host {
            name: "wasmtime serve, instances reused",
            hello,
            imdsim,
            serve: |component, state| serve(component, state, "1000000"),
        },
    ])
}

fn serve(component: &Path, state: &Path, reuses: &str) -> Command {
    let mut command = Command::new("wasmtime");
    command
        .args([
            "serve",
            "--allow-precompiled",
            "-S",
            "cli",
            "--addr",
            "127.0.0.1:0",
        ])
        .args(["--max-instance-reuse-count", reuses])
        // The control API, for the reset.
        .args(["--env", "IMDSIM_LOOPBACK_ONLY=true"])
        .arg("--dir")
        .arg(format!("{}::/state", state.display()))
        .arg(component);
    command
}

/// The host of `tests/spin`.
pub(super) fn spin_tests(hello: &Path, imdsim: &Path) -> Result<Host> {
    let built = Command::new("cargo")
        .args([
            "build",
            "--release",
            "--locked",
            "--package",
            "imdsim-spin-host",
        ])
        .args(["--example", "serve"])
        .current_dir(imdsim_guest::workspace_root())
        .status()
        .context("cannot start cargo")?;
    ensure!(built.success(), "building the host of tests/spin failed");
    // As `tests/spin/engine_config.rs`.
    let flags = ["-W", "epoch-interruption=y"];
    Ok(Host {
        name: "the host of tests/spin",
        hello: compile(hello, &flags)?,
        imdsim: compile(imdsim, &flags)?,
        serve: |component, _| {
            let mut command = Command::new(crate::target_dir().join("release/examples/serve"));
            command.arg(component);
            command
        },
    })
}

/// Compiles a component to machine code, so that a host starts at once.
fn compile(component: &Path, flags: &[&str]) -> Result<PathBuf> {
    // Callgrind lacks instructions of new processors; this is the oldest kind.
    let target = cfg!(target_os = "linux")
        .then(|| format!("--target={}-unknown-linux-gnu", std::env::consts::ARCH));
    let code = component.with_extension(if flags.is_empty() {
        "cwasm"
    } else {
        "epoch.cwasm"
    });
    let compiled = Command::new("wasmtime")
        .arg("compile")
        .args(flags)
        .args(target)
        .arg(component)
        .arg("-o")
        .arg(&code)
        .stderr(Stdio::inherit())
        .status()
        .context("cannot start wasmtime")?;
    ensure!(
        compiled.success(),
        "compiling {} failed",
        component.display()
    );
    Ok(code)
}

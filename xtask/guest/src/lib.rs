//! Builds guest packages into WebAssembly components.
//!
//! Shared by the native program's build script and `cargo xtask dist`, so that
//! both use the same target, profiles and folders.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

/// The WASI 0.2 target of rustc.
pub const TARGET: &str = "wasm32-wasip2";

/// A profile of the workspace manifest for components.
#[derive(Clone, Copy, Debug)]
pub enum Profile {
    /// Small, for distribution.
    Component,
    /// Fast, for embedding in the native program.
    Embedded,
}

impl Profile {
    const fn name(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Embedded => "embedded",
        }
    }
}

/// The root of the workspace.
///
/// # Panics
///
/// Never: this crate is two folders below the root.
pub fn workspace_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("xtask/guest is two folders below the root")
}

/// Builds `package` and returns the path of its component.
///
/// `target_dir` must differ from that of an outer cargo, which holds a lock on
/// its own: this call would wait forever.
pub fn build_component(package: &str, profile: Profile, target_dir: &Path) -> Result<PathBuf> {
    ensure_target()?;
    let status = cargo()
        .args(["build", "--locked", "--package", package])
        .args([
            "--target",
            TARGET,
            "--profile",
            profile.name(),
            "--target-dir",
        ])
        .arg(target_dir)
        .current_dir(workspace_root())
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "building {package} for {TARGET} failed");
    let file = format!("{}.wasm", package.replace('-', "_"));
    Ok(target_dir.join(TARGET).join(profile.name()).join(file))
}

/// Adds the target to the toolchain if it is missing, and reports that once.
///
/// rustup installs the targets in `rust-toolchain.toml` only with a new
/// toolchain, not into an existing one.
pub fn ensure_target() -> Result<()> {
    if has_target()? {
        return Ok(());
    }
    // Build scripts run concurrently; only the first one adds the target.
    let lock = File::create(std::env::temp_dir().join("imdsim-rustup.lock"))?;
    lock.lock()?;
    if has_target()? {
        return Ok(());
    }
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .current_dir(workspace_root())
        .status();
    match added {
        Ok(status) if status.success() => {
            report(&format!("added the Rust target {TARGET}"));
            Ok(())
        }
        _ => bail!(
            "the Rust target {TARGET} is missing and could not be added; run \
             `rustup target add {TARGET}`"
        ),
    }
}

/// Whether the toolchain has a standard library for the target.
fn has_target() -> Result<bool> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(workspace_root())
        .output()
        .context("cannot start rustc")?;
    let folder = String::from_utf8_lossy(&output.stdout);
    Ok(output.status.success() && Path::new(folder.trim()).is_dir())
}

/// Prints one line, even from a build script, whose other output cargo hides.
///
/// Cargo repeats a build script's warnings with every later command until it runs
/// the script again. Depending on a missing file triggers that.
fn report(message: &str) {
    if let Some(out_dir) = std::env::var_os("OUT_DIR") {
        let missing = Path::new(&out_dir).join("run-again");
        #[allow(clippy::print_stdout, reason = "cargo reads this from build scripts")]
        {
            println!("cargo::warning={message}");
            println!("cargo::rerun-if-changed={}", missing.display());
        }
    } else {
        #[allow(clippy::print_stderr, reason = "command-line output")]
        {
            eprintln!("{message}");
        }
    }
}

/// A cargo command that inherits neither wrappers (such as Clippy) nor flags of
/// an outer cargo.
fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let inherited = text.starts_with("CARGO_") || text.starts_with("RUSTC");
        let wanted = matches!(&*text, "CARGO_HOME" | "CARGO_NET_OFFLINE" | "RUSTC")
            || text.starts_with("CARGO_REGISTRIES")
            || text.starts_with("CARGO_HTTP");
        if (inherited && !wanted) || text == "RUSTFLAGS" {
            command.env_remove(&name);
        }
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", remaps().join("\x1f"));
    command
}

/// Compiler flags that remove the build machine's folders from panic locations,
/// which also makes components smaller.
fn remaps() -> Vec<String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let sources = home.map(|home| home.join("registry").join("src"));
    let registries = sources.and_then(|sources| std::fs::read_dir(sources).ok());
    let registries = registries.into_iter().flatten().flatten();
    let folders = registries.map(|registry| registry.path());
    folders
        .chain([workspace_root().to_owned()])
        .map(|folder| format!("--remap-path-prefix={}=", folder.display()))
        .collect()
}

//! Builds guest packages into WebAssembly components.
//!
//! Shared by the native program's build script and `cargo xtask dist`, so that
//! both use the same target, profiles and folders.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use wit_component::ComponentEncoder;

/// The target of rustc whose standard library imports nothing: where each request
/// starts a new instance, each import costs time.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// The target of rustc for WASI 0.2, whose linker makes components.
pub const WASI_TARGET: &str = "wasm32-wasip2";

/// A profile of the workspace manifest for components.
#[derive(Clone, Copy, Debug)]
pub enum Profile {
    /// Small, for any host.
    Small,
    /// Fast, for the hosts that a component is made for.
    Fast,
}

impl Profile {
    const fn name(self) -> &'static str {
        match self {
            Self::Small => "small-component",
            Self::Fast => "fast-component",
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
    let module = build(package, &[], TARGET, profile, target_dir)?;
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&fs::read(&module)?)
        .and_then(ComponentEncoder::encode)
        .with_context(|| format!("cannot make a component of {}", module.display()))?;
    let path = module.with_extension("component.wasm");
    fs::write(&path, component).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// Builds `package` for [`WASI_TARGET`], as other Rust projects build components,
/// with some of its features, and returns the path of its component.
pub fn build_wasi_component(
    package: &str,
    features: &[&str],
    profile: Profile,
    target_dir: &Path,
) -> Result<PathBuf> {
    build(package, features, WASI_TARGET, profile, target_dir)
}

/// Builds `package` for a target and returns the path of the result.
fn build(
    package: &str,
    features: &[&str],
    target: &str,
    profile: Profile,
    target_dir: &Path,
) -> Result<PathBuf> {
    ensure_target(target)?;
    let mut flags = remaps();
    if target == TARGET {
        flags.push(format!("-Clink-arg=--initial-memory={INITIAL_MEMORY}"));
    }
    let status = cargo(&flags)
        .args(["build", "--locked", "--package", package])
        .args(["--features", &features.join(",")])
        .args([
            "--target",
            target,
            "--profile",
            profile.name(),
            "--target-dir",
        ])
        .arg(target_dir)
        .current_dir(workspace_root())
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "building {package} for {target} failed");
    let file = format!("{}.wasm", package.replace('-', "_"));
    Ok(target_dir.join(target).join(profile.name()).join(file))
}

/// Adds the target to the toolchain if it is missing, and reports that once.
///
/// rustup installs the targets in `rust-toolchain.toml` only with a new
/// toolchain, not into an existing one.
pub fn ensure_target(target: &str) -> Result<()> {
    if has_target(target)? {
        return Ok(());
    }
    // Build scripts run concurrently; only the first one adds the target.
    let lock = File::create(std::env::temp_dir().join("imdsim-rustup.lock"))?;
    lock.lock()?;
    if has_target(target)? {
        return Ok(());
    }
    let added = Command::new("rustup")
        .args(["target", "add", target])
        .current_dir(workspace_root())
        .status();
    match added {
        Ok(status) if status.success() => {
            report(&format!("added the Rust target {target}"));
            Ok(())
        }
        _ => bail!(
            "the Rust target {target} is missing and could not be added; run \
             `rustup target add {target}`"
        ),
    }
}

/// Whether the toolchain has a standard library for the target.
fn has_target(target: &str) -> Result<bool> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", target])
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

/// A cargo command with `flags` for the compiler, that inherits neither wrappers
/// (such as Clippy) nor flags of an outer cargo.
fn cargo(flags: &[String]) -> Command {
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
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    command
}

/// Bytes of memory that a component starts with: a stack of 1 MiB, the data, and
/// 64 KiB or more to allocate from.
const INITIAL_MEMORY: u32 = 1280 * 1024;

/// Compiler flags that remove the build machine's folders from panic locations,
/// which also makes components smaller.
fn remaps() -> Vec<String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let sources = home.map(|home| home.join("registry").join("src"));
    let registries = sources.and_then(|sources| fs::read_dir(sources).ok());
    let registries = registries.into_iter().flatten().flatten();
    let folders = registries.map(|registry| registry.path());
    folders
        .chain([workspace_root().to_owned()])
        .map(|folder| format!("--remap-path-prefix={}=", folder.display()))
        .collect()
}

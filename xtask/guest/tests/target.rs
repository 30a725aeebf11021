//! Installation of a missing target during a build.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// A compiler without the target until the `rustup` below adds it.
const RUSTC: &str = r#"#!/bin/sh
case "$*" in
*target-libdir*) echo "$SCRATCH/libdir" ;;
*) exec "$REAL_RUSTC" "$@" ;;
esac
"#;

const RUSTUP: &str = "#!/bin/sh\nmkdir \"$SCRATCH/libdir\"\n";

const BUILD_SCRIPT: &str = "\
fn main() {
    println!(\"cargo::rerun-if-changed=build.rs\");
    imdsim_guest::ensure_target(imdsim_guest::TARGET).unwrap();
}
";

#[test]
fn an_added_target_is_reported_once() {
    let scratch = tempfile::tempdir().unwrap();
    let root = scratch.path();
    let guest = Path::new(env!("CARGO_MANIFEST_DIR"));
    write(root, "src/lib.rs", "");
    write(root, "build.rs", BUILD_SCRIPT);
    let manifest = format!(
        "[package]\nname = \"scratch\"\nedition = \"2024\"\n\
         [build-dependencies]\nimdsim-guest = {{ path = {guest:?} }}\n[workspace]\n"
    );
    write(root, "Cargo.toml", &manifest);
    let lock = imdsim_guest::workspace_root().join("Cargo.lock");
    fs::copy(lock, root.join("Cargo.lock")).unwrap();
    // The compiler stays off the PATH, or it would call itself.
    for (program, script) in [("compiler", RUSTC), ("bin/rustup", RUSTUP)] {
        write(root, program, script);
        fs::set_permissions(root.join(program), Permissions::from_mode(0o755)).unwrap();
    }
    assert!(
        build(root)
            .contains("warning: scratch@0.0.0: added the Rust target wasm32-unknown-unknown")
    );
    for _ in 0..2 {
        let output = build(root);
        assert!(!output.contains("Rust target"), "{output}");
    }
}

fn write(root: &Path, name: &str, content: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Builds the package and returns cargo's output.
fn build(root: &Path) -> String {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let path = std::env::var("PATH").unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["build", "--offline"])
        .current_dir(root)
        .env("SCRATCH", root)
        .env("REAL_RUSTC", rustc)
        .env("RUSTC", root.join("compiler"))
        .env("PATH", format!("{}:{path}", root.join("bin").display()))
        .env("CARGO_TARGET_DIR", root.join("target"))
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{printed}");
    printed
}

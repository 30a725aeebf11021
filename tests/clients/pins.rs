//! Pinned versions of the clients, and whether `.ci/clients` installed them.

use std::path::{Path, PathBuf};

use crate::transcript::files;

/// The source of a client's version.
#[derive(Clone, Copy)]
pub(crate) enum Version {
    /// A package of `requirements.txt`.
    PyPi(&'static str),
    /// A package of `package-lock.json`.
    Npm(&'static str),
    /// A crate of `rust/Cargo.lock`.
    Crate(&'static str),
    /// A dependency of this test, in the workspace's `Cargo.lock`.
    BuiltIn(&'static str),
    /// A version in Debian, and an installed file that contains it.
    Debian(&'static str, &'static str),
}

impl Version {
    /// The version and its registry.
    pub(crate) fn describe(self) -> String {
        match self {
            Self::PyPi(name) => format!("{} (PyPI)", pypi_version(name)),
            Self::Npm(name) => format!("{} (npm)", npm_version(name)),
            Self::Crate(name) => format!(
                "{} (crates.io)",
                crate_version("tests/clients/rust/Cargo.lock", name)
            ),
            Self::BuiltIn(name) => format!("{} (crates.io)", crate_version("Cargo.lock", name)),
            Self::Debian(version, _) => format!("{version} (Debian)"),
        }
    }

    /// The reason if the pinned version is not installed.
    pub(crate) fn missing(self) -> Option<String> {
        match self {
            Self::PyPi(_) => outdated("requirements.txt"),
            Self::Npm(_) => outdated("package-lock.json"),
            Self::Crate(_) => outdated("rust/Cargo.lock"),
            Self::BuiltIn(_) => None,
            Self::Debian(version, file) => {
                let file = folder().join(file);
                let contents = std::fs::read_to_string(&file).unwrap_or_default();
                (!contents.contains(version))
                    .then(|| format!("{} is not version {version}", file.display()))
            }
        }
    }
}

/// The folder into which `.ci/clients` installs.
pub(crate) fn folder() -> PathBuf {
    repository_root().join("target/clients")
}

/// Reports a program or folder that `.ci/clients` has not installed.
pub(crate) fn not_installed(path: &Path) -> String {
    format!("{} not found; run .ci/clients", path.display())
}

/// Reports a file of pins that changed since the last installation.
pub(crate) fn outdated(pins: &str) -> Option<String> {
    let wanted = std::fs::read(files::folder().join("clients").join(pins)).unwrap();
    let installed = std::fs::read(folder().join(pins)).unwrap_or_default();
    (wanted != installed).then(|| format!("tests/clients/{pins} has changed; run .ci/clients"))
}

fn pypi_version(name: &str) -> String {
    let pins = read("tests/clients/requirements.txt");
    let pin = pins.lines().find_map(|line| {
        let (found, version) = line.split_once("==")?;
        (found == name).then_some(version)
    });
    pin.unwrap().to_owned()
}

fn npm_version(name: &str) -> String {
    let lock: serde_json::Value =
        serde_json::from_str(&read("tests/clients/package-lock.json")).unwrap();
    let package = &lock["packages"][format!("node_modules/{name}")];
    package["version"].as_str().unwrap().to_owned()
}

/// The version of a crate in a lock file.
fn crate_version(lock: &str, name: &str) -> String {
    let lock = read(lock);
    let start = format!("name = \"{name}\"\nversion = \"");
    let (_, rest) = lock.split_once(&start).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository_root().join(path)).unwrap()
}

fn repository_root() -> PathBuf {
    files::folder().join("..")
}

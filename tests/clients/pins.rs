//! Pinned versions of the clients, compared with the versions that `.ci/clients`
//! installed.

use std::path::PathBuf;

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
    /// A crate that this test is built with.
    BuiltIn(&'static str),
    /// A version that Debian has, and a file of it that names the version.
    Debian(&'static str, &'static str),
}

impl Version {
    /// The version, and where it comes from.
    pub(crate) fn describe(self) -> String {
        match self {
            Self::PyPi(name) => format!("{} (PyPI)", python(name)),
            Self::Npm(name) => format!("{} (npm)", npm(name)),
            Self::Crate(name) => format!(
                "{} (crates.io)",
                rust("tests/clients/rust/Cargo.lock", name)
            ),
            Self::BuiltIn(name) => format!("{} (crates.io)", rust("Cargo.lock", name)),
            Self::Debian(version, _) => format!("{version} (Debian)"),
        }
    }

    /// The reason why the pinned version is not installed, if so.
    pub(crate) fn missing(self) -> Option<String> {
        match self {
            Self::PyPi(_) => outdated("requirements.txt"),
            Self::Npm(_) => outdated("package-lock.json"),
            Self::Crate(_) => outdated("rust/Cargo.lock"),
            Self::BuiltIn(_) => None,
            Self::Debian(version, file) => {
                let file = folder().join(file);
                let found = std::fs::read_to_string(&file).unwrap_or_default();
                (!found.contains(version))
                    .then(|| format!("{} is not of version {version}", file.display()))
            }
        }
    }
}

/// The folder of `.ci/clients`.
pub(crate) fn folder() -> PathBuf {
    root().join("target/clients")
}

/// Reports pins that changed since the last installation.
pub(crate) fn outdated(pins: &str) -> Option<String> {
    let wanted = std::fs::read(files::folder().join("clients").join(pins)).unwrap();
    let installed = std::fs::read(folder().join(pins)).unwrap_or_default();
    (wanted != installed)
        .then(|| format!("tests/clients/{pins} names other versions; .ci/clients installs them"))
}

fn python(name: &str) -> String {
    let pins = read("tests/clients/requirements.txt");
    let pin = pins.lines().find_map(|line| {
        let (found, version) = line.split_once("==")?;
        (found == name).then_some(version)
    });
    pin.unwrap().to_owned()
}

fn npm(name: &str) -> String {
    let lock: serde_json::Value =
        serde_json::from_str(&read("tests/clients/package-lock.json")).unwrap();
    let package = &lock["packages"][format!("node_modules/{name}")];
    package["version"].as_str().unwrap().to_owned()
}

/// The version of a crate in a lock file.
fn rust(lock: &str, name: &str) -> String {
    let lock = read(lock);
    let start = format!("name = \"{name}\"\nversion = \"");
    let (_, rest) = lock.split_once(&start).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn read(place: &str) -> String {
    std::fs::read_to_string(root().join(place)).unwrap()
}

fn root() -> PathBuf {
    files::folder().join("..")
}

//! cloud-init's own crawler, with every instance document in `tests/data/instances`.

use std::path::Path;
use std::process::Command;

use libtest_mimic::{Failed, Trial};

use crate::files;
use crate::pins::not_installed;
use crate::program::{Program, text};
use crate::trial;

/// The unpacked Debian package.
const PACKAGE: &str = "target/clients/cloud-init/usr/lib/python3/dist-packages";

/// One trial for each instance document.
pub(crate) fn trials(no_namespace: Option<&str>) -> Vec<Trial> {
    let root = files::folder().join("..");
    let package = root.join(PACKAGE);
    let missing = no_namespace
        .map(str::to_owned)
        .or_else(|| (!package.is_dir()).then(|| not_installed(&package)));
    let documents = files::with_extension("data/instances", "json");
    let trials = documents.into_iter().map(|document| {
        let name = document.file_stem().unwrap().to_string_lossy().into_owned();
        let (root, package) = (root.clone(), package.clone());
        trial(
            format!("cloud-init crawls {name}"),
            missing.as_deref(),
            move || matches_golden(&name, &document, &root, &package),
        )
    });
    trials.collect()
}

/// cloud-init logs no warning, and its result matches the golden file.
fn matches_golden(name: &str, document: &Path, root: &Path, package: &Path) -> Result<(), Failed> {
    let program = Program::start(&[
        "--instance",
        text(document),
        "--frozen-time",
        "2026-11-01T00:00:00Z",
        "--quiet",
    ]);
    let output = Command::new(root.join("target/clients/bin/python"))
        .arg(files::folder().join("clients/cloud_init.py"))
        .arg(package)
        .arg(format!("http://{}", program.address()))
        .env_clear()
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let metadata = String::from_utf8_lossy(&output.stdout);
    files::golden(&format!("cloud-init/{name}.json"), &metadata).map_err(Failed::from)
}

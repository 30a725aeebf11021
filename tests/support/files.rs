//! The folder `tests`: documents in `data`, expectations in `golden`.

use std::path::{Path, PathBuf};

/// The folder `tests` of the repository.
pub(crate) fn folder() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = manifest
        .ancestors()
        .find(|folder| folder.join("tests/golden").is_dir())
        .expect("tests/golden is in this folder or above");
    root.join("tests")
}

/// The files in `tests/<place>` with an extension, sorted by name.
pub(crate) fn with_extension(place: &str, wanted: &str) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(folder().join(place))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == wanted))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "there are files in {place}");
    paths
}

/// Whether golden files are rewritten rather than compared.
pub(crate) fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// Reports the first difference between `text` and the file
/// `tests/golden/<name>`. With `UPDATE_GOLDEN` set, rewrites the file instead.
pub(crate) fn golden(name: &str, text: &str) -> Result<(), String> {
    let path = folder().join("golden").join(name);
    if updating() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        return Ok(());
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if expected == text {
        return Ok(());
    }
    let lines = expected.lines().map(Some).chain(std::iter::repeat(None));
    let number = text
        .lines()
        .zip(lines)
        .take_while(|(is, expected)| Some(*is) == *expected)
        .count();
    let line = |text: &str| text.lines().nth(number).unwrap_or("(the end)").to_owned();
    Err(format!(
        "{} line {}: expected\n    {}\nbut got\n    {}\nUPDATE_GOLDEN=1 rewrites the file",
        path.display(),
        number + 1,
        line(&expected),
        line(text)
    ))
}

//! The files that settings come from, each read once, so that what is judged
//! is what was looked at, however often the files change meanwhile.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::fail::Failure;

/// Larger files are refused before they fill the memory.
const MAX_FILE_LEN: u64 = 16 * 1024 * 1024;

/// Files by name: what was in each, or why it could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Files(BTreeMap<PathBuf, Result<Vec<u8>, Failure>>);

impl Files {
    /// What is in a file, which is remembered.
    pub(crate) fn read(&mut self, path: &Path) -> Result<Vec<u8>, Failure> {
        let known = self.0.entry(path.to_owned());
        known.or_insert_with(|| read(path)).clone()
    }

    /// The same of a file that holds text.
    pub(crate) fn read_text(&mut self, path: &Path) -> Result<String, Failure> {
        String::from_utf8(self.read(path)?)
            .map_err(|_| unreadable(path, "it is not UTF-8 text", "save it as UTF-8"))
    }

    /// What is in the same files now. A pipe, which gives what it has only
    /// once, stays what it was.
    pub(crate) fn read_again(&self) -> Self {
        let again = self.0.iter().map(|(path, known)| {
            let is_pipe = fs::metadata(path).is_ok_and(|found| !found.is_file());
            let content = if is_pipe { known.clone() } else { read(path) };
            (path.clone(), content)
        });
        Self(again.collect())
    }
}

/// The name that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// A file as sentences call it.
pub(crate) fn place(path: &Path) -> String {
    if path.as_os_str() == STANDARD_INPUT {
        return "standard input".to_owned();
    }
    path.display().to_string()
}

/// Standard input can be read only once, whoever wants it.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    static GIVEN: OnceLock<Result<Vec<u8>, Failure>> = OnceLock::new();

    if path.as_os_str() == STANDARD_INPUT {
        return GIVEN
            .get_or_init(|| read_all(path, Ok(io::stdin())))
            .clone();
    }
    read_all(path, File::open(path))
}

fn read_all(path: &Path, file: io::Result<impl Read>) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    file.and_then(|file| file.take(MAX_FILE_LEN + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, error, "give the name of a file that can be read"))?;
    if bytes.len() as u64 > MAX_FILE_LEN {
        return Err(unreadable(
            path,
            "it is larger than 16 MiB",
            "give a smaller file",
        ));
    }
    Ok(bytes)
}

fn unreadable(path: &Path, reason: impl Display, remedy: &str) -> Failure {
    let what = format!("this file cannot be used: {reason}");
    Failure::new(place(path), what, remedy)
}

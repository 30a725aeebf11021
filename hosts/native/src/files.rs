//! A cache of configuration files. Each is read once, so that the settings are
//! built from the contents that were compared, even if the files change
//! meanwhile.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::error::Failure;
use crate::yaml;

/// Maximum size of a file.
const MAX_FILE_LEN: u64 = 16 * 1024 * 1024;

/// File contents, or read errors, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Files(BTreeMap<PathBuf, Result<Vec<u8>, Failure>>);

impl Files {
    /// Reads and caches a file.
    pub(crate) fn read(&mut self, path: &Path) -> Result<Vec<u8>, Failure> {
        let known = self.0.entry(path.to_owned());
        known.or_insert_with(|| read(path)).clone()
    }

    /// Reads a text file, without its byte order mark.
    pub(crate) fn read_text(&mut self, path: &Path) -> Result<String, Failure> {
        text(self.read(path)?)
            .ok_or_else(|| unreadable(path, "it is not UTF-8 text", "save it as UTF-8"))
    }

    /// Reads a JSON or YAML document and converts it to JSON.
    pub(crate) fn read_document(&mut self, path: &Path) -> Result<String, Failure> {
        let text = self.read_text(path)?;
        yaml::to_json(path, text)
            .map_err(|error| Failure::new(path.display(), error, "fix the YAML"))
    }

    /// Reads the same files again. A pipe, which can be read only once, keeps
    /// its contents.
    pub(crate) fn read_again(&self) -> Self {
        let again = self.0.iter().map(|(path, known)| {
            let is_pipe = fs::metadata(path).is_ok_and(|found| !found.is_file());
            let content = if is_pipe { known.clone() } else { read(path) };
            (path.clone(), content)
        });
        Self(again.collect())
    }
}

/// Decodes UTF-8, or UTF-16 with a byte order mark, as PowerShell's `>` writes
/// it.
fn text(bytes: Vec<u8>) -> Option<String> {
    let decode = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, rest) = bytes.as_chunks();
        let units: Vec<_> = units.iter().copied().map(unit).collect();
        String::from_utf16(&units).ok().filter(|_| rest.is_empty())
    };
    match &bytes[..] {
        [0xff, 0xfe, bytes @ ..] => decode(bytes, u16::from_le_bytes),
        [0xfe, 0xff, bytes @ ..] => decode(bytes, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, bytes @ ..] => String::from_utf8(bytes.to_vec()).ok(),
        _ => String::from_utf8(bytes).ok(),
    }
}

/// The path that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// The name of a file in messages.
pub(crate) fn place(path: &Path) -> String {
    if path.as_os_str() == STANDARD_INPUT {
        return "standard input".to_owned();
    }
    path.display().to_string()
}

/// Reads a file. Standard input is read once and cached.
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
        .map_err(|error| unreadable(path, error, "specify a readable file"))?;
    if bytes.len() as u64 > MAX_FILE_LEN {
        return Err(unreadable(
            path,
            "it is larger than 16 MiB",
            "use a smaller file",
        ));
    }
    Ok(bytes)
}

fn unreadable(path: &Path, reason: impl Display, remedy: &str) -> Failure {
    let what = format!("cannot read this file: {reason}");
    Failure::new(place(path), what, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_without_its_byte_order_mark_in_utf_8_and_utf_16() {
        for bytes in [
            &b"{}\xc3\xa9"[..],
            b"\xef\xbb\xbf{}\xc3\xa9",
            b"\xff\xfe{\0}\0\xe9\0",
            b"\xfe\xff\0{\0}\0\xe9",
        ] {
            assert_eq!(text(bytes.to_vec()).as_deref(), Some("{}é"));
        }
        for bytes in [&b"\xe9"[..], b"\xff\xfe{", b"\xff\xfe\0\xd8"] {
            assert_eq!(text(bytes.to_vec()), None);
        }
    }
}

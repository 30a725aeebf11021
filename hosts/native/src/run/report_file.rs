//! The file of `--report`.

use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::error::Failure;

/// A file opened for the report. Its old contents stay until the report is
/// written, and a new file is removed if none is.
pub(super) struct ReportFile<'p> {
    path: &'p Path,
    file: File,
    is_new: bool,
    is_written: bool,
}

impl<'p> ReportFile<'p> {
    /// Opens the file, before the command runs.
    pub(super) fn open(path: &'p Path) -> Result<Self, Failure> {
        let is_new = !path.exists();
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).open(path);
        Ok(Self {
            path,
            file: file.map_err(|error| unwritable(path, &error))?,
            is_new,
            is_written: false,
        })
    }

    /// Replaces the file's contents with a report.
    pub(super) fn write(mut self, report: &str) -> Result<(), Failure> {
        self.is_written = true;
        self.replace(report)
            .map_err(|error| unwritable(self.path, &error))
    }

    fn replace(&mut self, report: &str) -> io::Result<()> {
        // A pipe has no length.
        if self.file.metadata()?.is_file() {
            self.file.set_len(0)?;
        }
        self.file.write_all(report.as_bytes())
    }
}

impl Drop for ReportFile<'_> {
    fn drop(&mut self) {
        if self.is_new && !self.is_written {
            // Harmless if it stays, since it is empty.
            let _ = fs::remove_file(self.path);
        }
    }
}

fn unwritable(path: &Path, error: &dyn Display) -> Failure {
    Failure::new(
        path.display(),
        format_args!("the report cannot be written: {error}"),
        "give --report a file that can be",
    )
}

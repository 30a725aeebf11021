//! The file operations of the standard library, for tests.

use std::cell::Cell;
use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, ErrorKind, Write as _};
use std::path::PathBuf;

use crate::files::Files;

/// The files below a folder. Every operation fails once a number of them is used
/// up, like those of a process that is killed.
pub(crate) struct StandardFiles {
    root: PathBuf,
    operations_left: Cell<usize>,
}

impl StandardFiles {
    pub(crate) fn new(root: impl Into<PathBuf>) -> Self {
        Self::dying(root, usize::MAX)
    }

    /// Fails after a number of operations.
    pub(crate) fn dying(root: impl Into<PathBuf>, operations: usize) -> Self {
        Self {
            root: root.into(),
            operations_left: Cell::new(operations),
        }
    }

    fn at(&self, path: &str) -> io::Result<PathBuf> {
        let left = self.operations_left.get().checked_sub(1);
        self.operations_left.set(left.ok_or(ErrorKind::BrokenPipe)?);
        Ok(self.root.join(path))
    }
}

impl Files for StandardFiles {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(self.at(path)?)
    }

    fn create(&self, path: &str, content: &[u8]) -> io::Result<()> {
        let mut file = File::create_new(self.at(path)?)?;
        file.write_all(content)?;
        file.sync_all()
    }

    fn link(&self, from: &str, to: &str) -> io::Result<()> {
        fs::hard_link(self.at(from)?, self.root.join(to))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.at(from)?, self.root.join(to))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.at(path)?)
    }

    fn create_folder(&self, path: &str) -> io::Result<()> {
        fs::create_dir_all(self.at(path)?)
    }

    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(self.at(folder)?)?;
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        entries.map(|entry| entry.map(name)).collect()
    }

    fn remove_folder(&self, path: &str) -> io::Result<()> {
        fs::remove_dir_all(self.at(path)?)
    }

    fn sync_folder(&self, _path: &str) {}

    fn random(&self) -> u64 {
        RandomState::new().hash_one(0)
    }
}

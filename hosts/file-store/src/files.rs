//! The `Files` trait: the file operations of the store.

use std::io::{self, ErrorKind};

/// Files below one folder, under relative paths with `/` between names.
///
/// The store replaces files and never changes their content, so that an
/// implementation may keep the content of a file that is still the same.
pub trait Files {
    /// The content of a file.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;

    /// Creates a file whose content survives a power failure.
    fn create(&self, path: &str, content: &[u8]) -> io::Result<()>;

    /// Gives a file a second path; fails with `AlreadyExists` if that is taken.
    fn link(&self, from: &str, to: &str) -> io::Result<()>;

    /// Moves a file or folder; replaces a file at the new path.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Deletes a file.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Creates a folder unless it exists.
    fn create_folder(&self, path: &str) -> io::Result<()>;

    /// The names in a folder, in any order; `""` is the folder itself.
    fn names(&self, folder: &str) -> io::Result<Vec<String>>;

    /// Deletes a folder and everything in it.
    fn remove_folder(&self, path: &str) -> io::Result<()>;

    /// Makes names created in a folder survive a power failure, if the host can.
    fn sync_folder(&self, path: &str);

    /// A random number.
    fn random(&self) -> u64;
}

/// Maps a `NotFound` error to `None`.
pub fn absent<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

//! A WASI host whose key-value store is a folder.

use std::io;
use std::time::Duration;

use imdsim::Store;
use imdsim_adapter::wasi::Wasi;
use imdsim_adapter::{Host, Swapped};
use imdsim_file_store::{Folder, MOUNT};

use crate::wasi_files::WasiFiles;

/// A WASI host with a folder for its values. A missing folder is an error only
/// for changes: checking it would cost each read a host call.
#[derive(Debug)]
pub(crate) struct Standalone(Folder<WasiFiles>);

impl Standalone {
    /// A host with the folder mounted at [`MOUNT`].
    pub(crate) const fn new() -> Self {
        Self(Folder::new(WasiFiles::new()))
    }

    fn read<T>(&self, act: impl FnOnce(&Folder<WasiFiles>) -> io::Result<T>) -> Result<T, String> {
        act(&self.0).map_err(|error| error.to_string())
    }

    fn change<T>(
        &self,
        act: impl FnOnce(&Folder<WasiFiles>) -> io::Result<T>,
    ) -> Result<T, String> {
        if !self.0.files().is_mounted() {
            return Err(format!(
                "no folder is mounted at {MOUNT}; start wasmtime with --dir FOLDER::{MOUNT}"
            ));
        }
        Self::read(self, act)
    }
}

impl Host for Standalone {
    fn now() -> Duration {
        Wasi::now()
    }

    fn random() -> u64 {
        Wasi::random()
    }

    fn random_bytes() -> [u8; 32] {
        Wasi::random_bytes()
    }

    fn wait(&mut self, delay: Duration) {
        Wasi::new().wait(delay);
    }

    fn read(&mut self, key: &str) -> Result<Option<Vec<u8>>, String> {
        Self::read(self, |folder| Ok(folder.get(key)?.value()))
    }

    fn swap(&mut self, key: &str, expected: Option<&[u8]>, next: &[u8]) -> Result<Swapped, String> {
        self.change(|folder| {
            let seen = folder.get(key)?;
            let now = seen.clone().value();
            if now.as_deref() != expected {
                return Ok(Swapped::Rejected(now));
            }
            if folder.replace(key, &seen, next)? {
                return Ok(Swapped::Done);
            }
            Ok(Swapped::Rejected(folder.get(key)?.value()))
        })
    }

    fn increment(&mut self, key: &str, by: i64) -> Result<i64, String> {
        self.change(|folder| folder.increment(key, by))
    }
}

impl Store for Standalone {
    fn get(&mut self, key: &str) -> Option<Vec<u8>> {
        Host::read(self, key).ok().flatten()
    }

    fn set(&mut self, key: &str, value: &[u8]) {
        let _ = self.change(|folder| folder.set(key, value));
    }

    fn delete(&mut self, key: &str) {
        let _ = self.change(|folder| folder.delete(key));
    }

    fn keys(&mut self) -> Vec<String> {
        Self::read(self, Folder::keys).unwrap_or_default()
    }

    fn add(&mut self, key: &str, by: i64) -> i64 {
        self.increment(key, by).unwrap_or(0)
    }
}

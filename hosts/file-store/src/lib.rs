//! A key-value store in a folder, with compare-and-swap, for hosts without a
//! persistent one.

mod files;
mod folder;
mod names;
#[cfg(test)]
mod standard_files;

pub use files::{Files, absent};
pub use folder::{Folder, Seen};

/// The path where the host mounts a folder.
pub const MOUNT: &str = "/state";

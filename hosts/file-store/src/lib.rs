//! `wasi:keyvalue@0.2.0-draft2` in a folder, for hosts without a persistent
//! key-value store.

mod folder;
#[cfg(target_family = "wasm")]
mod guest;

pub use folder::{Folder, Seen};

//! `wasi:keyvalue@0.2.0-draft2` on a folder, for hosts whose own key-value
//! store forgets everything, or that have none.

mod folder;
#[cfg(target_family = "wasm")]
mod guest;

pub use folder::{Folder, Seen};

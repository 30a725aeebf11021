//! The host and HTTP conversions for WASI 0.2.

mod allocator;
mod host;
pub mod http;
mod instance_cache;
mod memcmp;

/// Bindings generated from `wit/`, `export!` included, shared by all components.
pub mod bindings {
    #![allow(missing_docs, unsafe_code, reason = "generated from wit/")]
    #![allow(
        clippy::pedantic,
        clippy::allow_attributes_without_reason,
        reason = "generated from wit/"
    )]
    wit_bindgen::generate!({
        path: "../../wit",
        world: "imdsim:emulator/emulator",
        generate_all,
        ownership: Borrowing { duplicate_if_necessary: false },
        pub_export_macro: true,
        default_bindings_module: "imdsim_adapter::wasi::bindings",
    });
}

pub use bindings::export;
pub use host::Wasi;
pub use instance_cache::respond;

//! Generated bindings of `wit/`: the component's exports, and its imports
//! beyond WASI.

#![allow(missing_docs, unused_qualifications, reason = "generated from wit/")]
#![allow(
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    reason = "generated from wit/"
)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "imdsim:emulator/embedder",
    imports: { default: trappable },
    ownership: Borrowing { duplicate_if_necessary: false },
    with: {
        "wasi:keyvalue/store.bucket": crate::keyvalue::Bucket,
        "wasi:keyvalue/atomics.cas": crate::keyvalue::Cas,
    },
});

//! `wasi:io/poll`, by which a component waits before it retries a change.

use tokio::task::block_in_place;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::sync::io::poll;

/// The host state during one call.
pub(super) struct Waiting<'a>(pub(super) &'a mut ResourceTable);

/// Adds the interface to the linker.
pub(super) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> Waiting<'_>,
) -> wasmtime::Result<()> {
    poll::add_to_linker::<T, View>(linker, view)
}

struct View;

impl HasData for View {
    type Data<'a> = Waiting<'a>;
}

/// Each call may block; the worker's other tasks continue elsewhere.
impl poll::Host for Waiting<'_> {
    fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> wasmtime::Result<Vec<u32>> {
        block_in_place(|| poll::Host::poll(self.0, pollables))
    }
}

impl poll::HostPollable for Waiting<'_> {
    fn ready(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<bool> {
        block_in_place(|| poll::HostPollable::ready(self.0, pollable))
    }

    fn block(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        block_in_place(|| poll::HostPollable::block(self.0, pollable))
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
        poll::HostPollable::drop(self.0, pollable)
    }
}

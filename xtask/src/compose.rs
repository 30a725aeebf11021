//! One component out of two.

use anyhow::{Context as _, Result, ensure};
use wac_graph::{CompositionGraph, EncodeOptions};
use wac_types::Package;

/// What must be gone from the imports when the key-value store is plugged in.
const PLUGGED: &str = "wasi:keyvalue/";

/// Plugs the exports of `plug` into the imports of `socket`.
///
/// An export whose type does not fit is passed over in silence, which is why
/// the result is looked at.
pub(crate) fn plug(plug: &[u8], socket: &[u8]) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let mut register = |name: &str, bytes: &[u8]| {
        let package = Package::from_bytes(name, None, bytes, graph.types_mut())?;
        anyhow::Ok(graph.register_package(package)?)
    };
    let plug = register("imdsim:file-store", plug)?;
    let socket = register("imdsim:emulator", socket)?;
    wac_graph::plug(&mut graph, vec![plug], socket)?;
    let composed = graph
        .encode(EncodeOptions::default())
        .context("the two components do not go together")?;
    for import in imports(&composed)? {
        ensure!(
            !import.starts_with(PLUGGED),
            "{import} is still imported: the file store does not export what the emulator asks for"
        );
    }
    Ok(composed)
}

fn imports(component: &[u8]) -> Result<Vec<String>> {
    let mut graph = CompositionGraph::new();
    let package = Package::from_bytes("imdsim:composed", None, component, graph.types_mut())?;
    let imports = &graph.types()[package.ty()].imports;
    Ok(imports.keys().cloned().collect())
}

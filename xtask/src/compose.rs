//! Composition of two components.

use anyhow::{Context as _, Result, ensure};
use wac_graph::{CompositionGraph, EncodeOptions};
use wac_types::Package;

/// Imports that composition with the key-value store must satisfy.
const PLUGGED: &str = "wasi:keyvalue/";

/// Plugs the exports of `plug` into the imports of `socket`.
///
/// The composer silently skips exports with the wrong type, so this checks the
/// remaining imports.
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
        .context("cannot compose the two components")?;
    for import in imports(&composed)? {
        ensure!(
            !import.starts_with(PLUGGED),
            "{import} is still imported: the file store does not export the emulator's imports"
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

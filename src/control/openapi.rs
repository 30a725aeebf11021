//! The OpenAPI document.
//!
//! `openapi.json` describes each call, and under `shared` the common parts of
//! all reading calls, all changing calls and all refusals. They are merged here,
//! at run time, which keeps the component small.

use serde_json::{Map, Value};

use crate::merge;
use crate::problem::Problem;
use crate::settings::read_json;

/// `openapi.json`, minified by the build script.
const TEXT: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

/// Returns the complete document.
pub(super) fn document() -> Result<Value, Problem> {
    let mut document = read_json("openapi.json", TEXT)?;
    let shared = document
        .as_object_mut()
        .and_then(|fields| fields.remove("shared"));
    let shared = shared.unwrap_or_default();
    for call in fields(&mut document["paths"]).flat_map(|(_, item)| fields(item)) {
        match call {
            (name, _) if name == "parameters" => {}
            (name, call) if name == "get" => merge_shared(&shared["reading"], call),
            (_, call) => merge_shared(&shared["changing"], call),
        }
    }
    for (_, response) in fields(&mut document["components"]["responses"]) {
        if response["content"].is_null() {
            merge_shared(&shared["refusal"], response);
        }
    }
    Ok(document)
}

/// Merges a call's own parts into the shared ones; `null` removes a part.
fn merge_shared(shared: &Value, own: &mut Value) {
    let patch = std::mem::replace(own, shared.clone());
    merge::apply(own, &patch);
}

fn fields(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flat_map(Map::iter_mut)
}

//! The OpenAPI document.
//!
//! `openapi.json` says what is each call's own, and under `shared` what all
//! calls that read, all that change and all refusals have in common. One is
//! laid over the other here, and indentation is left out, which keeps the
//! component small.

use serde_json::{Map, Value};

use crate::merge;
use crate::problem::Problem;
use crate::settings::read_json;

/// As people write it.
const SOURCE: &[u8] = include_bytes!("openapi.json");

/// The same without line breaks and what stands before each line.
static TEXT: [u8; pack::<{ SOURCE.len() }>().1] = pack().0;

const fn pack<const LEN: usize>() -> ([u8; LEN], usize) {
    let mut packed = [0; LEN];
    let mut len = 0;
    let mut begins = true;
    let mut index = 0;
    while index < SOURCE.len() {
        let byte = SOURCE[index];
        begins = byte == b'\n' || begins && byte == b' ';
        if !begins {
            packed[len] = byte;
            len += 1;
        }
        index += 1;
    }
    (packed, len)
}

/// The whole document.
pub(super) fn document() -> Result<Value, Problem> {
    let text = std::str::from_utf8(&TEXT).unwrap_or_default();
    let mut document = read_json("openapi.json", text)?;
    let shared = document
        .as_object_mut()
        .and_then(|fields| fields.remove("shared"));
    let shared = shared.unwrap_or_default();
    for call in fields(&mut document["paths"]).flat_map(|(_, item)| fields(item)) {
        match call {
            (name, _) if name == "parameters" => {}
            (name, call) if name == "get" => lay_over(&shared["reading"], call),
            (_, call) => lay_over(&shared["changing"], call),
        }
    }
    for (_, response) in fields(&mut document["components"]["responses"]) {
        if response["content"].is_null() {
            lay_over(&shared["refusal"], response);
        }
    }
    Ok(document)
}

/// Lays what is something's own, where `null` takes away, over what is shared.
fn lay_over(shared: &Value, own: &mut Value) {
    let patch = std::mem::replace(own, shared.clone());
    merge::apply(own, &patch);
}

fn fields(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flat_map(Map::iter_mut)
}

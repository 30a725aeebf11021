//! Minifies the OpenAPI document, which keeps the component small.

#![expect(
    clippy::disallowed_methods,
    reason = "the rule is for the core, and this runs while it is built"
)]

use std::path::Path;

const SOURCE: &str = "src/control/openapi.json";

fn main() {
    println!("cargo::rerun-if-changed={SOURCE}");
    let text = std::fs::read_to_string(SOURCE).expect("the OpenAPI document is in the repository");
    let document: serde_json::Value = match serde_json::from_str(&text) {
        Ok(document) => document,
        Err(error) => panic!("{SOURCE}: {error}; fix the JSON"),
    };
    let folder = std::env::var("OUT_DIR").expect("Cargo sets OUT_DIR for build scripts");
    std::fs::write(
        Path::new(&folder).join("openapi.json"),
        document.to_string(),
    )
    .expect("OUT_DIR can be written to");
}

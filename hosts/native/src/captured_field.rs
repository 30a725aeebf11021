//! The field of an instance document that holds the answers of a captured
//! service. `imdsim diff` reads it; the emulator does not serve it.

use serde_json::Value;

/// The name of the field.
pub(crate) const CAPTURED: &str = "Captured";

/// Removes the field from an instance document. Returns text that is not such a
/// document unchanged: the core reports what is wrong with it.
pub(crate) fn without_captured(text: &str) -> String {
    let mut document: Value = serde_json::from_str(text).unwrap_or_default();
    let fields = document.as_object_mut();
    match fields.and_then(|fields| fields.remove(CAPTURED)) {
        Some(_) => document.to_string(),
        None => text.to_owned(),
    }
}

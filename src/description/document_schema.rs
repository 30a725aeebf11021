//! The JSON Schema of a whole document.

use serde_json::{Value, json};

use super::reservations::{Described, Output, Reservation};
use super::schema::{Schema as _, Schemas};

/// Returns the JSON Schema (2020-12) of the documents that
/// [`Description::read`](super::Description::read) accepts.
pub fn schema() -> Value {
    let mut schemas = Schemas::default();
    let output = Output::schema(&mut schemas);
    let reservation = Reservation::schema(&mut schemas);
    let instance = Described::schema(&mut schemas);
    let one = json!({
        "if": { "required": ["Reservations"] },
        "then": output,
        "else": {
            "if": { "required": ["Instances"] },
            "then": reservation,
            "else": instance,
        },
        "type": "object",
    });
    schemas.insert("Document", one);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An instance for imdsim",
        "description": "What `aws ec2 describe-instances` prints: all of it, a reservation, an \
                        instance, or a list of these. `Imdsim` holds what that API does not carry.",
        "anyOf": [
            { "$ref": "#/$defs/Document" },
            { "type": "array", "items": { "$ref": "#" } },
        ],
        "$defs": schemas.into_definitions(),
    })
}

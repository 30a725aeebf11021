//! The JSON Schema of descriptions, from the same declarations as the parser.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value, json};

use super::values::{Base64, DnsName, Flag, HttpTokens, LifecycleState, MacAddress, Override};
use crate::time::UnixMillis;

/// The treatment of unknown fields.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// Ignored: EC2's API has more fields than the emulator uses.
    Ignored,
    /// Rejected: only this program defines fields here.
    Refused,
}

/// A type with a JSON Schema.
pub(super) trait Schema {
    /// Returns the schema; named types are references.
    fn schema(schemas: &mut Schemas) -> Value;
}

/// The schemas of named types so far.
#[derive(Default)]
pub(super) struct Schemas(Map<String, Value>);

impl Schemas {
    /// Adds a named form.
    pub(super) fn insert(&mut self, name: &str, form: Value) {
        self.0.insert(name.to_owned(), form);
    }

    /// All named forms, for `$defs`.
    pub(super) fn into_definitions(self) -> Map<String, Value> {
        self.0
    }

    /// Adds an object type with these optional fields: key, description, schema.
    pub(super) fn object(
        &mut self,
        name: &str,
        words: &str,
        unknown: Unknown,
        fields: impl FnOnce(&mut Self) -> Vec<(&'static str, &'static str, Value)>,
    ) -> Value {
        if !self.0.contains_key(name) {
            // A placeholder ends the recursion of recursive types.
            self.0.insert(name.to_owned(), Value::Null);
            let fields = fields(self).into_iter().map(|(key, words, mut form)| {
                form["description"] = words.trim().into();
                (key.to_owned(), form)
            });
            let properties: Map<_, _> = fields.collect();
            let mut form = json!({
                "type": "object",
                "description": words.trim(),
                "properties": properties,
            });
            if unknown == Unknown::Refused {
                form["additionalProperties"] = false.into();
            }
            self.0.insert(name.to_owned(), form);
        }
        json!({ "$ref": format!("#/$defs/{name}") })
    }
}

/// Implements [`Schema`] for types with an inline schema.
macro_rules! plain {
    ($($type:ty: $form:tt,)*) => {$(
        impl Schema for $type {
            fn schema(_: &mut Schemas) -> Value {
                json!($form)
            }
        }
    )*};
}

plain! {
    String: { "type": "string" },
    bool: { "type": "boolean" },
    u32: { "type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32 },
    UnixMillis: { "type": "string", "format": "date-time" },
    Ipv4Addr: { "type": "string", "format": "ipv4" },
    Ipv6Addr: { "type": "string", "format": "ipv6" },
    MacAddress: { "type": "string", "pattern": "^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$" },
    Base64: { "type": "string", "contentEncoding": "base64" },
    DnsName: { "type": "string" },
    LifecycleState: { "type": ["string", "null"] },
    Flag: { "enum": ["enabled", "disabled"] },
    HttpTokens: { "enum": ["optional", "required"] },
    Override: { "anyOf": [{ "type": "string" }, { "enum": [false, null] }] },
}

/// EC2's API represents an absent text as an empty one, so both are valid.
impl<T: Schema> Schema for Option<T> {
    fn schema(schemas: &mut Schemas) -> Value {
        json!({ "anyOf": [T::schema(schemas), { "enum": ["", null] }] })
    }
}

impl<T: Schema> Schema for Vec<T> {
    fn schema(schemas: &mut Schemas) -> Value {
        json!({ "type": "array", "items": T::schema(schemas) })
    }
}

impl<T: Schema> Schema for BTreeMap<String, T> {
    fn schema(schemas: &mut Schemas) -> Value {
        json!({ "type": "object", "additionalProperties": T::schema(schemas) })
    }
}

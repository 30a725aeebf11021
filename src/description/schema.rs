//! The JSON Schema of descriptions, made of the same declarations as reading.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value, json};

use super::values::{Base64, DnsName, Flag, HttpTokens, LifecycleState, MacAddress, Override};
use crate::time::UnixMillis;

/// What becomes of fields that are not known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// They are ignored: EC2's API has more than the metadata service shows.
    Ignored,
    /// They are refused: nobody but this program reads them.
    Refused,
}

/// What has a form that can be told.
pub(super) trait Schema {
    /// The form, named ones by reference.
    fn schema(schemas: &mut Schemas) -> Value;
}

/// The named forms met so far.
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

    /// An object with these fields, each optional: key, words, form.
    pub(super) fn object(
        &mut self,
        name: &str,
        words: &str,
        unknown: Unknown,
        fields: impl FnOnce(&mut Self) -> Vec<(&'static str, &'static str, Value)>,
    ) -> Value {
        if !self.0.contains_key(name) {
            // A placeholder, lest a form that holds itself goes on for ever.
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

/// A form without a name of its own.
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

/// The API writes an empty text for what is absent, and so may a person.
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

//! JSON merge patches (RFC 7396): applying a patch, and the patch between two
//! documents.

use serde_json::{Map, Value};

/// Applies a patch: fields replace fields, and `null` removes a field. A field
/// that is `null` already stays, so a document is a patch that does not change
/// it.
pub(crate) fn apply(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    for (key, change) in changes {
        if let Value::Object(fields) = target {
            if change.is_null() {
                if fields.get(key).is_some_and(|value| !value.is_null()) {
                    fields.remove(key);
                }
            } else {
                apply(fields.entry(key.as_str()).or_insert(Value::Null), change);
            }
        }
    }
}

/// Returns the patch that turns `before` into `after`.
pub(crate) fn between(before: &Value, after: &Value) -> Value {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        return after.clone();
    };
    let mut patch = Map::new();
    for (key, value) in new {
        match old.get(key) {
            Some(known) if known == value => {}
            Some(known) => drop(patch.insert(key.clone(), between(known, value))),
            None => drop(patch.insert(key.clone(), value.clone())),
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    Value::Object(patch)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(before: &Value, patch: &Value, after: &Value) {
        let mut patched = before.clone();
        apply(&mut patched, patch);
        assert_eq!(&patched, after);
        let mut again = before.clone();
        apply(&mut again, &between(before, after));
        assert_eq!(&again, after);
    }

    #[test]
    fn a_document_is_a_patch_that_does_not_change_it() {
        let document = json!({"a": null, "b": {"c": [null], "d": null}});
        check(&document, &document, &document);
    }

    #[test]
    fn patches_follow_the_rfc() {
        check(
            &json!({"a": 1}),
            &json!({"a": 2, "b": {"c": null}}),
            &json!({"a": 2, "b": {}}),
        );
        check(
            &json!({"a": {"b": 1, "c": 2}}),
            &json!({"a": {"b": null}}),
            &json!({"a": {"c": 2}}),
        );
        check(
            &json!({"a": [1, 2]}),
            &json!({"a": [null]}),
            &json!({"a": [null]}),
        );
        check(
            &json!({"a": "x"}),
            &json!({"a": {"b": 1}}),
            &json!({"a": {"b": 1}}),
        );
        check(&json!({"a": 1}), &json!({}), &json!({"a": 1}));
    }
}

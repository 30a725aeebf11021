//! Writes into a description by JSON pointers, creating missing objects and
//! lists. `@` is the first network interface.

use serde_json::Value;

/// Writes a value at a place.
pub(crate) fn put(document: &mut Value, place: &str, value: Value) {
    let place = match place.strip_prefix('@') {
        Some(below) => format!("/NetworkInterfaces/{}{below}", primary(document)),
        None => place.to_owned(),
    };
    let mut here = document;
    for step in place.split('/').skip(1) {
        here = match step.parse::<usize>() {
            Ok(index) => item(here, index),
            Err(_) => field(here, step),
        };
    }
    *here = value;
}

fn field<'v>(value: &'v mut Value, name: &str) -> &'v mut Value {
    if !value.is_object() {
        *value = Value::Object(serde_json::Map::new());
    }
    &mut value[name]
}

fn item(value: &mut Value, index: usize) -> &mut Value {
    if !value.is_array() {
        *value = Value::Array(Vec::new());
    }
    if let Value::Array(items) = value
        && items.len() <= index
    {
        items.resize_with(index + 1, || Value::Object(serde_json::Map::new()));
    }
    &mut value[index]
}

/// The index of the first network interface: device 0 on card 0.
pub(crate) fn primary(document: &Value) -> usize {
    let interfaces = document["NetworkInterfaces"].as_array();
    let number = |(index, interface): &(usize, &Value)| {
        let attachment = &interface["Attachment"];
        let card = attachment["NetworkCardIndex"].as_u64().unwrap_or(0);
        let device = attachment["DeviceIndex"].as_u64();
        (card, device.unwrap_or(*index as u64))
    };
    let interfaces = interfaces.into_iter().flatten().enumerate();
    interfaces.min_by_key(number).map_or(0, |(index, _)| index)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(before: &Value, place: &str, after: &Value) {
        let mut document = before.clone();
        put(&mut document, place, "x".into());
        assert_eq!(&document, after);
    }

    #[test]
    fn missing_parents_are_created() {
        check(&json!({}), "/A/B", &json!({ "A": { "B": "x" } }));
        check(&json!({}), "/A/1/B", &json!({ "A": [{}, { "B": "x" }] }));
        check(
            &json!({}),
            "@/MacAddress",
            &json!({ "NetworkInterfaces": [{ "MacAddress": "x" }] }),
        );
    }

    #[test]
    fn the_first_interface_is_device_0_at_any_index() {
        let interfaces = json!({ "NetworkInterfaces": [
            { "Attachment": { "DeviceIndex": 1 } }, { "Attachment": { "DeviceIndex": 0 } }] });
        check(
            &interfaces,
            "@/OwnerId",
            &json!({ "NetworkInterfaces": [
                { "Attachment": { "DeviceIndex": 1 } },
                { "Attachment": { "DeviceIndex": 0 }, "OwnerId": "x" }] }),
        );
    }
}

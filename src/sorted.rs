//! Sorting a few things at a time.
//!
//! The standard library's sorts are made for millions, and each type that is
//! sorted, or collected into a map, costs 4 KB of the component.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Things in their order.
pub(crate) fn sorted<T: Ord>(things: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut sorted = Vec::new();
    for thing in things {
        // Often they come in order.
        let place = match sorted.last() {
            Some(last) if *last > thing => sorted.partition_point(|known| *known <= thing),
            _ => sorted.len(),
        };
        sorted.insert(place, thing);
    }
    sorted
}

/// Pairs as a map; of equal keys the last one counts.
pub(crate) fn map<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(pairs);
    map
}

/// Pairs as a JSON object.
pub(crate) fn object<'k>(pairs: impl IntoIterator<Item = (&'k str, Value)>) -> Value {
    let mut fields = Map::new();
    for (key, value) in pairs {
        fields.insert(key.to_owned(), value);
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_things_keep_their_order() {
        assert_eq!(sorted(["b", "a", "c", "a"]), ["a", "a", "b", "c"]);
    }
}

//! Sorting a few things at a time, and many in n log n.
//!
//! The standard library's sorts are made for millions, and each type that is
//! sorted, or collected into a map, costs 4 KB of the component.

use std::collections::{BTreeMap, BinaryHeap};

use serde_json::{Map, Value};

/// Things in their order. Equal ones are indistinguishable, so theirs does not
/// matter.
pub(crate) fn sorted<T: Ord>(things: impl IntoIterator<Item = T>) -> Vec<T> {
    let things: Vec<T> = things.into_iter().collect();
    // Often they come in order.
    if things.is_sorted() {
        return things;
    }
    BinaryHeap::from(things).into_sorted_vec()
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
    fn things_are_sorted_and_equal_ones_are_kept() {
        assert_eq!(sorted(["b", "a", "c", "a"]), ["a", "a", "b", "c"]);
    }
}

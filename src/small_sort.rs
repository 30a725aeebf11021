//! A small merge sort.
//!
//! The standard library's sorts take 4 KB of the component for each type that is
//! sorted or collected into a map.

use std::collections::{BTreeMap, BinaryHeap};

use serde_json::{Map, Value};

/// Sorts items. Equal items are indistinguishable, so stability is irrelevant.
pub(crate) fn sorted<T: Ord>(things: impl IntoIterator<Item = T>) -> Vec<T> {
    let things: Vec<T> = things.into_iter().collect();
    // Often the items are sorted already.
    if things.is_sorted() {
        return things;
    }
    BinaryHeap::from(things).into_sorted_vec()
}

/// Collects pairs into a map; the last of equal keys wins.
pub(crate) fn map<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(pairs);
    map
}

/// Collects pairs into a JSON object.
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
    fn items_are_sorted_and_duplicates_kept() {
        assert_eq!(sorted(["b", "a", "c", "a"]), ["a", "a", "b", "c"]);
    }
}

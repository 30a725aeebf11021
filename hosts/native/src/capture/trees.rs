//! The trees of all API versions and their JSON form: the newest version
//! complete, and of every older version the differences from the next.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// The nodes of one version by path. Paths of directories end in a slash; the
/// root is `/`.
pub(super) type Tree = BTreeMap<String, CapturedNode>;

/// The trees by version. The names of versions sort by age.
pub(super) type Trees = BTreeMap<String, Tree>;

/// A node of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CapturedNode {
    /// A leaf, or the listing of a directory.
    Text(String),
    /// A leaf that is not UTF-8.
    Octets(Vec<u8>),
    /// A leaf that is kept secret.
    Withheld,
}

impl From<Vec<u8>> for CapturedNode {
    fn from(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Octets(error.into_bytes()),
        }
    }
}

impl CapturedNode {
    /// The text, unless it is binary or withheld.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Octets(_) | Self::Withheld => None,
        }
    }

    /// The JSON form.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Octets(bytes) => json!({ "base64": STANDARD.encode(bytes) }),
            Self::Withheld => Value::Null,
        }
    }

    fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Withheld),
            Value::String(text) => Some(Self::Text(text.clone())),
            other => {
                let bytes = STANDARD.decode(other["base64"].as_str()?);
                Some(Self::Octets(bytes.ok()?))
            }
        }
    }
}

/// Converts trees to JSON. `false` marks a path of the next version that does
/// not exist.
pub(super) fn to_json(trees: &Trees) -> Value {
    let mut versions = Map::new();
    let mut next = &Tree::new();
    for (version, tree) in trees.iter().rev() {
        let gone = next.keys().filter(|path| !tree.contains_key(*path));
        let mut changes: Map<_, _> = gone.map(|path| (path.clone(), false.into())).collect();
        for (path, found) in tree {
            if next.get(path) != Some(found) {
                changes.insert(path.clone(), found.to_json());
            }
        }
        versions.insert(version.clone(), changes.into());
        next = tree;
    }
    versions.into()
}

/// Parses the output of `to_json`.
pub(super) fn from_json(versions: &Value) -> Option<Trees> {
    let versions: BTreeMap<_, _> = versions.as_object()?.iter().collect();
    let mut trees = Trees::new();
    let mut tree = Tree::new();
    for (version, changes) in versions.into_iter().rev() {
        for (path, value) in changes.as_object()? {
            if *value == Value::Bool(false) {
                tree.remove(path);
            } else {
                tree.insert(path.clone(), CapturedNode::from_json(value)?);
            }
        }
        trees.insert(version.clone(), tree.clone());
    }
    Some(trees)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_survive_a_round_trip_through_json() {
        let text = |text: &str| CapturedNode::Text(text.into());
        let tree = |found: &[(&str, CapturedNode)]| -> Tree {
            let found = found.iter();
            found
                .map(|(path, found)| ((*path).into(), found.clone()))
                .collect()
        };
        let trees = Trees::from([
            ("1.0".into(), tree(&[("a", text("1"))])),
            (
                "latest".into(),
                tree(&[
                    ("a", text("2")),
                    ("b", CapturedNode::Octets(vec![0xff])),
                    ("c", CapturedNode::Withheld),
                ]),
            ),
        ]);
        let written = to_json(&trees);
        assert_eq!(
            written,
            json!({
                "latest": {"a": "2", "b": {"base64": "/w=="}, "c": null},
                "1.0": {"a": "1", "b": false, "c": false},
            })
        );
        assert_eq!(from_json(&written), Some(trees));
    }
}

//! The newest version of a captured service, read by path.

use serde_json::{Map, Value};

use super::trees::Tree;
use crate::facts::{Fact, validate, write};

/// The tree of the newest version.
pub(super) struct Newest<'t>(pub(super) &'t Tree);

impl<'t> Newest<'t> {
    /// The text of a leaf or listing.
    pub(super) fn text(&self, path: &str) -> Option<&'t str> {
        self.0.get(path)?.text()
    }

    pub(super) fn json(&self, path: &str) -> Value {
        let document = self.text(path).map(serde_json::from_str);
        document.and_then(Result::ok).unwrap_or_default()
    }

    /// The leaves in a directory, by name.
    pub(super) fn leaves<'d>(
        &self,
        directory: &'d str,
    ) -> impl Iterator<Item = (&'t str, &'t str)> + use<'t, 'd> {
        self.0.iter().filter_map(move |(path, found)| {
            let name = path.strip_prefix(directory)?;
            let is_leaf = !name.is_empty() && !name.contains('/');
            Some((name, found.text().filter(|_| is_leaf)?))
        })
    }

    /// The leaves in a directory as a JSON object.
    pub(super) fn map(&self, directory: &str) -> Value {
        let leaves = self.leaves(directory);
        let fields = leaves.map(|(name, text)| (name.to_owned(), text.into()));
        Value::Object(fields.collect::<Map<_, _>>())
    }

    /// Writes the text at a path into the description, if it is a valid fact.
    pub(super) fn fact(&self, document: &mut Value, path: &str, fact: &Fact) {
        if let Some(text) = self.text(path)
            && validate(fact, text).is_ok()
        {
            write(document, fact, text);
        }
    }
}

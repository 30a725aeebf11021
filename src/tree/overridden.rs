//! The tree with a person's overrides laid over it. None of them is below a leaf
//! of the service that is still there.

use super::listing::{Entry, Listing};
use super::{Found, Node, View, standing};
use crate::instance::{Overrides, Verdict};
use crate::versions::Version;

/// Looks up a path as `standing` does, overrides first.
pub(super) fn find<'a>(view: &View<'a>, version: Version<'_>, path: &str) -> Option<Found<'a>> {
    let tree = Tree {
        view,
        version,
        overrides: &view.instance.overrides,
    };
    match tree.overrides.verdict(path) {
        Verdict::Text(text) if path == "user-data" => {
            Some(Found::Leaf(Node::Octets(text.as_bytes())))
        }
        Verdict::Text(text) => Some(Found::Leaf(Node::Text(text.into()))),
        Verdict::Standing => match standing(view, version, path) {
            Some(Found::Leaf(leaf)) => Some(Found::Leaf(leaf)),
            Some(Found::Directory(listing)) => tree.directory(path, listing),
            None => tree.directory(path, Listing::default()),
        },
        Verdict::Gone => tree.directory(path, Listing::default()),
    }
}

struct Tree<'v, 'a> {
    view: &'v View<'a>,
    version: Version<'v>,
    overrides: &'a Overrides,
}

impl<'a> Tree<'_, 'a> {
    /// A directory with what overrides add to what stands there, and without
    /// what they take away; one that is left empty is not there.
    fn directory(&self, path: &str, standing: Listing<'a>) -> Option<Found<'a>> {
        let mut listing = Listing::default();
        for entry in standing.entries() {
            if self.remains(path, &entry) {
                listing.push(entry);
            }
        }
        for added in self.overrides.texts_below(path) {
            let (name, is_leaf) = match added.split_once('/') {
                Some((name, _)) => (name, false),
                None => (added, true),
            };
            // Those of one directory follow each other.
            if !listing.ends_with(name) {
                listing.push(Entry::new(name.to_owned(), is_leaf));
            }
        }
        (!listing.is_empty()).then_some(Found::Directory(listing))
    }

    fn remains(&self, directory: &str, entry: &Entry<'a>) -> bool {
        let path = join(directory, &entry.name);
        match self.overrides.verdict(&path) {
            // It is added again as what it is now.
            Verdict::Text(_) | Verdict::Gone => false,
            Verdict::Standing if entry.is_leaf || !self.overrides.reach_below(&path) => true,
            Verdict::Standing => find(self.view, self.version, &path).is_some(),
        }
    }
}

fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}

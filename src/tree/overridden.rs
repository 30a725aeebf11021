//! The tree with user overrides applied. No override is below a remaining leaf
//! of the service.

use super::catalog::CATALOG;
use super::listing::{Entry, Listing};
use super::{Lookup, Node, View, without_overrides};
use crate::instance::{OverrideLookup, Overrides};
use crate::problem::Problem;
use crate::versions::Version;

/// Rejects an override that puts text below a leaf of the service, unless another
/// override removes that leaf. Leaves that the instance lacks count as well.
pub(crate) fn check(overrides: &Overrides) -> Result<(), Problem> {
    for path in overrides.texts_below("") {
        let mut leaves = CATALOG.iter().filter_map(|row| row.leaf_around(path));
        if let Some(leaf) = leaves.next()
            && overrides.lookup(leaf) == OverrideLookup::Unchanged
        {
            return Err(Overrides::leaf_below_leaf(path, leaf));
        }
    }
    Ok(())
}

/// Looks up a path like `without_overrides`, with overrides applied.
pub(super) fn find<'a>(view: &View<'a>, version: Version<'_>, path: &str) -> Option<Lookup<'a>> {
    let tree = Tree {
        view,
        version,
        overrides: &view.instance.overrides,
    };
    match tree.overrides.lookup(path) {
        OverrideLookup::Text(text) if path == "user-data" => {
            Some(Lookup::Leaf(Node::Octets(text.as_bytes())))
        }
        OverrideLookup::Text(text) => Some(Lookup::Leaf(Node::Text(text.into()))),
        OverrideLookup::Unchanged => match without_overrides(view, version, path) {
            Some(Lookup::Leaf(leaf)) => Some(Lookup::Leaf(leaf)),
            Some(Lookup::Directory(listing)) => tree.directory(path, listing),
            None => tree.directory(path, Listing::default()),
        },
        OverrideLookup::Gone => tree.directory(path, Listing::default()),
    }
}

struct Tree<'v, 'a> {
    view: &'v View<'a>,
    version: Version<'v>,
    overrides: &'a Overrides,
}

impl<'a> Tree<'_, 'a> {
    /// Returns a directory with overrides added and removed; `None` if it becomes
    /// empty.
    fn directory(&self, path: &str, without_overrides: Listing<'a>) -> Option<Lookup<'a>> {
        let mut listing = Listing::default();
        for entry in without_overrides.entries() {
            if self.remains(path, &entry) {
                listing.push(entry);
            }
        }
        for added in self.overrides.texts_below(path) {
            let (name, is_leaf) = match added.split_once('/') {
                Some((name, _)) => (name, false),
                None => (added, true),
            };
            // The overrides of one directory are adjacent.
            if !listing.ends_with(name) {
                listing.push(Entry::new(name.to_owned(), is_leaf));
            }
        }
        (!listing.is_empty()).then_some(Lookup::Directory(listing))
    }

    fn remains(&self, directory: &str, entry: &Entry<'a>) -> bool {
        let path = join(directory, &entry.name);
        match self.overrides.lookup(&path) {
            // An overriding text is added separately.
            OverrideLookup::Text(_) | OverrideLookup::Gone => false,
            OverrideLookup::Unchanged if entry.is_leaf || !self.overrides.reach_below(&path) => {
                true
            }
            OverrideLookup::Unchanged => find(self.view, self.version, &path).is_some(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::Override;

    fn checked(given: &[(&str, Option<&str>)]) -> Result<(), Problem> {
        let mut overrides = Overrides::default();
        for (path, text) in given {
            let change = text.map_or(Override::Gone, |text| Override::Text(text.into()));
            overrides.set(path, change)?;
        }
        check(&overrides)
    }

    #[test]
    fn an_override_below_a_leaf_of_the_service_is_rejected_unless_the_leaf_is_removed() {
        let problem = |given: &[_]| checked(given).unwrap_err().to_string();
        assert_eq!(
            problem(&[("meta-data/ami-id/x", Some("x"))]),
            "meta-data/ami-id/x: a leaf cannot be below a leaf, and meta-data/ami-id is one; \
             remove one of them"
        );
        assert_eq!(
            problem(&[("user-data/x", Some("x"))]),
            "user-data/x: this is not a metadata path; write it without a version, as in \
             meta-data/instance-id"
        );
        let keyed = "meta-data/public-keys/0/openssh-key";
        assert!(
            problem(&[(&format!("{keyed}/x/y"), Some("x"))]).contains(&format!("{keyed} is one"))
        );
        let removed = [
            ("meta-data/ami-id", None),
            ("meta-data/ami-id/x", Some("x")),
        ];
        assert!(checked(&removed).is_ok());
        assert!(checked(&[("meta-data/ami-id/x", None)]).is_ok());
        assert!(checked(&[("meta-data/ami-ids/x", Some("x"))]).is_ok());
    }
}

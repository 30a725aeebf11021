//! Traversal of the whole tree.

use std::borrow::Cow;

use super::{Lookup, Node, View, at};
use crate::versions::Version;

/// An entry of a directory.
#[derive(Debug, PartialEq, Eq)]
pub struct Branch<'a> {
    /// The path segment.
    pub name: String,
    /// The value of a leaf, or the entries of a directory.
    pub content: Content<'a>,
}

/// The content of an entry.
#[derive(Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// A value.
    Leaf(Node<'a>),
    /// The entries, in byte order.
    Directory(Vec<Branch<'a>>),
}

/// Returns the tree of one API version; empty if the version is not served.
pub fn crawl<'a>(view: &View<'a>, version: &str) -> Vec<Branch<'a>> {
    let Some(version) = view.version(version) else {
        return Vec::new();
    };
    below(view, version, "")
}

fn below<'a>(view: &View<'a>, version: Version<'_>, directory: &str) -> Vec<Branch<'a>> {
    let Some(Lookup::Directory(listing)) = at(view, version, directory) else {
        return Vec::new();
    };
    let mut names: Vec<_> = listing.entries().map(|entry| entry.name).collect();
    names.sort();
    names.dedup();
    let branch = |name: Cow<'a, str>| {
        let path = match directory {
            "" => name.clone().into_owned(),
            directory => format!("{directory}/{name}"),
        };
        Branch {
            content: match at(view, version, &path) {
                Some(Lookup::Leaf(leaf)) => Content::Leaf(leaf),
                _ => Content::Directory(below(view, version, &path)),
            },
            name: name.into_owned(),
        }
    };
    names.into_iter().map(branch).collect()
}

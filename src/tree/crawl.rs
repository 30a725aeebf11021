//! The whole tree at once.

use std::borrow::Cow;

use super::{Lookup, Node, View, at};
use crate::versions::Version;

/// One name in a directory, and what is there.
#[derive(Debug, PartialEq, Eq)]
pub struct Branch<'a> {
    /// As in a path.
    pub name: String,
    /// A leaf, or what is below a directory.
    pub content: Content<'a>,
}

/// What a name stands for.
#[derive(Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// A value.
    Leaf(Node<'a>),
    /// The names below, in byte order.
    Directory(Vec<Branch<'a>>),
}

/// All that one API version serves. A version that is not served has nothing.
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

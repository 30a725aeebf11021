//! The metadata tree: the content of paths by API version.
//!
//! The tree is a table (`catalog`), one row per category, and is never
//! materialized: a leaf evaluates one row, a listing the rows below it.

mod catalog;
mod crawl;
mod listing;
mod overridden;
mod row;
mod view;

use std::borrow::Cow;

use serde_json::Value;

pub use crawl::{Branch, Content, crawl};
pub(crate) use overridden::check as check_overrides;
pub use view::{CredentialHealth, View};

use crate::instance::Instance;
use crate::problem::Problem;
use crate::versions::{LATEST, Version};
use catalog::CATALOG;
use listing::Listing;

/// The content of a path.
#[derive(Debug, PartialEq, Eq)]
pub enum Node<'a> {
    /// A value of media type `text/plain`.
    Text(Cow<'a, str>),
    /// User data.
    Octets(&'a [u8]),
    /// The names in a directory, one per line, without a final newline.
    Listing(String),
}

impl Node<'_> {
    /// The response body.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Listing(names) => names.as_bytes(),
            Self::Octets(bytes) => bytes,
        }
    }
}

/// Looks up a normalized path that begins with a version.
pub fn find<'a>(view: &View<'a>, path: &str) -> Option<Node<'a>> {
    if path.is_empty() {
        return Some(Node::Listing(versions(view)));
    }
    let (version, path) = path.split_once('/').unwrap_or((path, ""));
    let version = view.version(version)?;
    match at(view, version, path) {
        Some(Lookup::Leaf(leaf)) => Some(leaf),
        Some(Lookup::Directory(listing)) => Some(Node::Listing(listing.text(path.is_empty()))),
        // A served version exists even if overrides remove all of it.
        None => path.is_empty().then(|| Node::Listing(String::new())),
    }
}

/// Parses an instance like [`Instance::read`], and rejects overrides that put
/// text below an existing leaf.
pub(crate) fn read_instance(document: &Value) -> Result<Instance, Problem> {
    let instance = Instance::read(document)?;
    overridden::check(&instance.overrides).map_err(|problem| problem.inside("Imdsim.Overrides"))?;
    Ok(instance)
}

/// The result of looking up a path.
enum Lookup<'a> {
    Leaf(Node<'a>),
    Directory(Listing<'a>),
}

/// Looks up a path below a version.
fn at<'a>(view: &View<'a>, version: Version<'_>, path: &str) -> Option<Lookup<'a>> {
    if view.instance.overrides.is_empty() {
        without_overrides(view, version, path)
    } else {
        overridden::find(view, version, path)
    }
}

/// Looks up a path, ignoring overrides.
fn without_overrides<'a>(view: &View<'a>, version: Version<'_>, path: &str) -> Option<Lookup<'a>> {
    // Most requests are for a leaf with a literal path.
    if let Some(row) = catalog::row_at(path) {
        let leaf = version.shows(row.since).then(|| row.node(view, &[]))?;
        return leaf.map(Lookup::Leaf);
    }
    let depth = path.split_terminator('/').count();
    let mut listing = Listing::default();
    for row in CATALOG {
        let Some(bound) = row.matches(path) else {
            continue;
        };
        if !version.shows(row.since) {
            continue;
        }
        if row.depth() == depth {
            return row.node(view, &bound).map(Lookup::Leaf);
        }
        row.children(view, &bound, depth, &mut listing);
    }
    (!listing.is_empty()).then_some(Lookup::Directory(listing))
}

fn versions(view: &View<'_>) -> String {
    let mut names: Vec<&str> = view.instance.versions.iter().map(|name| &**name).collect();
    names.push(LATEST);
    names.join("\n")
}

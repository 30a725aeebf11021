//! A row of the catalog: path, date and value.

use std::borrow::Cow;

use super::listing::{Entry, Listing};
use super::{Node, View};
use crate::instance::{Instance, Interface};

/// A category. A path segment in braces, for example `{mac}`, stands for all keys
/// of that kind.
pub(super) struct Row {
    pub(super) path: &'static str,
    /// The length of the path before its first key.
    literal: usize,
    /// AWS's date for the category; see [`Version::shows`](crate::versions::Version::shows).
    pub(super) since: &'static str,
    pub(super) value: Value,
}

/// A text, or `None` if the category does not apply.
pub(super) type Text<'a> = Option<Cow<'a, str>>;

/// The source of a row's value. A row without a value is neither listed nor
/// served.
pub(super) enum Value {
    /// From the instance alone.
    Fact(for<'a> fn(&'a Instance) -> Text<'a>),
    /// From the instance and a key in the path.
    Keyed(for<'a> fn(&'a Instance, &str) -> Text<'a>),
    /// From one network interface.
    Interface(for<'a> fn(&'a Interface) -> Text<'a>),
    /// From one network interface and a key in the path.
    InterfaceKeyed(for<'a> fn(&'a Interface, &str) -> Text<'a>),
    /// From the view, for example its tag visibility.
    View(for<'a> fn(&View<'a>) -> Text<'a>),
    /// From the view and a key in the path.
    ViewKeyed(for<'a> fn(&View<'a>, &str) -> Text<'a>),
    /// A cheap predicate for listings and an expensive text. The predicate
    /// receives the key in the path, if any.
    Document(fn(&View<'_>, &str) -> bool, fn(&View<'_>) -> String),
    /// Bytes that may not be text.
    Octets(for<'a> fn(&'a Instance) -> Option<&'a [u8]>),
}

/// The keys bound to the segments in braces, outermost first.
pub(super) type Bound<'k> = Vec<Cow<'k, str>>;

impl Row {
    /// Creates a row of the catalog.
    pub(super) const fn new(path: &'static str, since: &'static str, value: Value) -> Self {
        let mut literal = 0;
        while literal < path.len() && path.as_bytes()[literal] != b'{' {
            literal += 1;
        }
        Self {
            path,
            literal,
            since,
            value,
        }
    }

    /// Returns the bound keys if `path` is this row's path or an ancestor of it.
    ///
    /// Every lookup skips most rows, so the part before the first key is compared
    /// in one piece.
    pub(super) fn matches<'k>(&self, path: &'k str) -> Option<Bound<'k>> {
        let literal = self.literal;
        if path.len() < literal {
            let leads_here = path.is_empty() || self.path.as_bytes()[path.len()] == b'/';
            return (leads_here && self.path.starts_with(path)).then(Bound::new);
        }
        let keys = path.strip_prefix(&self.path[..literal])?;
        if self.is_literal() {
            return keys.is_empty().then(Bound::new);
        }
        let mut bound = Bound::new();
        let mut names = self.path[literal..].split('/');
        for given in keys.split('/') {
            let name = names.next()?;
            if is_key(name) {
                bound.push(Cow::Borrowed(given));
            } else if name != given {
                return None;
            }
        }
        Some(bound)
    }

    /// The leaf of this row above `path`, if any.
    pub(super) fn leaf_around<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(&self.path[..self.literal])?;
        if self.is_literal() {
            return rest.starts_with('/').then(|| &path[..self.literal]);
        }
        let mut len = self.literal;
        let mut given = rest.split('/');
        for name in self.path[self.literal..].split('/') {
            let given = given.next()?;
            if !is_key(name) && name != given {
                return None;
            }
            len += given.len() + 1;
        }
        given.next().map(|_| &path[..len - 1])
    }

    /// Whether the path has no keys.
    pub(super) const fn is_literal(&self) -> bool {
        self.literal == self.path.len()
    }

    /// The number of path segments.
    pub(super) fn depth(&self) -> usize {
        self.path.split('/').count()
    }

    /// Returns the value for the bound keys.
    pub(super) fn node<'a>(&self, view: &View<'a>, bound: &[Cow<'_, str>]) -> Option<Node<'a>> {
        let instance = view.instance;
        let key = |index: usize| bound.get(index).map(|key| &**key);
        let interface = || instance.interfaces.get(key(0)?);
        let text = match self.value {
            Value::Fact(value) => value(instance),
            Value::Keyed(value) => value(instance, key(0)?),
            Value::Interface(value) => value(interface()?),
            Value::InterfaceKeyed(value) => value(interface()?, key(1)?),
            Value::View(value) => value(view),
            Value::ViewKeyed(value) => value(view, key(0)?),
            Value::Document(applies, value) => {
                applies(view, key(0).unwrap_or_default()).then(|| value(view).into())
            }
            Value::Octets(value) => return value(instance).map(Node::Octets),
        };
        text.map(Node::Text)
    }

    /// Adds this row's contribution to the listing of the directory at the first
    /// `depth` segments of its path.
    pub(super) fn children<'a>(
        &self,
        view: &View<'a>,
        bound: &[Cow<'_, str>],
        depth: usize,
        listing: &mut Listing<'a>,
    ) {
        let mut names = self.path.split('/').skip(depth);
        let Some(name) = names.next() else { return };
        let is_leaf = names.next().is_none();
        if !is_key(name) {
            if !listing.ends_with(name) && self.is_visible(view, bound, depth + 1) {
                listing.push(Entry::new(name, is_leaf));
            }
            return;
        }
        for key in view.keys(name, bound.first().map(|key| &**key)) {
            let mut below = bound.to_vec();
            below.push(key.clone());
            if self.is_visible(view, &below, depth + 1) {
                listing.push(Entry {
                    // Only `public-keys/` formats its names differently.
                    line: view.listed_key(name, &key),
                    ..Entry::new(key, is_leaf)
                });
            }
        }
    }

    /// Whether this row has a value below the bound keys.
    fn is_visible(&self, view: &View<'_>, bound: &[Cow<'_, str>], depth: usize) -> bool {
        let Some(name) = self.path.split('/').skip(depth).find(|name| is_key(name)) else {
            return match self.value {
                Value::Document(applies, _) => {
                    applies(view, bound.first().map_or("", |key| &**key))
                }
                _ => self.node(view, bound).is_some(),
            };
        };
        let next = self
            .path
            .split('/')
            .position(|other| other == name)
            .unwrap_or(depth);
        view.keys(name, bound.first().map(|key| &**key))
            .into_iter()
            .any(|key| {
                let mut below = bound.to_vec();
                below.push(key);
                self.is_visible(view, &below, next + 1)
            })
    }
}

fn is_key(name: &str) -> bool {
    name.starts_with('{')
}

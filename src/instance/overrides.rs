//! Overrides: user-provided texts that replace parts of the tree.

use std::collections::BTreeMap;

use crate::description::Override;
use crate::limits::{self, MAX_OVERRIDES};
use crate::path;
use crate::problem::Problem;

/// Overridden texts and removals by path, for example `meta-data/instance-id`.
/// They apply to every API version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides(BTreeMap<String, Override>);

/// The result of looking up a path in the overrides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverrideLookup<'a> {
    /// No override applies.
    Unchanged,
    /// A leaf with this text.
    Text(&'a str),
    /// Removed, directly or with a parent directory, or below an overriding leaf.
    Gone,
}

impl Overrides {
    /// Validates the paths, which have no version, and builds the overrides.
    pub fn new(given: &BTreeMap<String, Override>) -> Result<Self, Problem> {
        let mut overrides = Self::default();
        for (path, change) in given {
            let normal = path::normalize(path);
            if overrides.0.contains_key(&*normal) {
                let message = format!("{normal} is overridden twice; remove one of them");
                return Err(Problem::new(path, message));
            }
            overrides.set(path, change.clone())?;
        }
        Ok(overrides)
    }

    /// Sets or removes a path, replacing any override of it.
    pub fn set(&mut self, path: &str, change: Override) -> Result<(), Problem> {
        let normal = path::normalize(path).into_owned();
        let named = |message| Problem::new(shown(path), message);
        self.check(&normal, &change).map_err(named)?;
        if let Override::Text(_) = change
            && let Some(other) = self.leaf_in_the_way(&normal)
        {
            return Err(Self::leaf_below_leaf(path, other));
        }
        self.0.insert(normal, change);
        Ok(())
    }

    fn check(&self, path: &str, change: &Override) -> Result<(), String> {
        limits::check_path(path)?;
        if self.0.len() >= MAX_OVERRIDES && !self.0.contains_key(path) {
            return Err(format!(
                "there are more than {MAX_OVERRIDES} overrides; remove some"
            ));
        }
        let (root, below) = path.split_once('/').unwrap_or((path, ""));
        // Directly below a version, only user data is a leaf. Every entry can be
        // removed.
        let can_be = match root {
            "dynamic" | "meta-data" => !below.is_empty() || *change == Override::Gone,
            "user-data" => below.is_empty(),
            _ => false,
        };
        if !can_be {
            let remedy = "write it without a version, as in meta-data/instance-id";
            return Err(format!("this is not a metadata path; {remedy}"));
        }
        Ok(())
    }

    /// The problem of a text at a path above or below another leaf.
    pub(crate) fn leaf_below_leaf(path: &str, other: &str) -> Problem {
        let message =
            format!("a leaf cannot be below a leaf, and {other} is one; remove one of them");
        Problem::new(shown(path), message)
    }

    /// Whether no path is overridden.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Looks up a normalized path; the innermost override applies.
    pub fn lookup(&self, path: &str) -> OverrideLookup<'_> {
        match self.0.get(path) {
            Some(Override::Text(text)) => return OverrideLookup::Text(text),
            Some(Override::Gone) => return OverrideLookup::Gone,
            None => {}
        }
        let covered = ancestors(path).any(|outer| self.0.contains_key(outer));
        if covered {
            OverrideLookup::Gone
        } else {
            OverrideLookup::Unchanged
        }
    }

    /// The paths of overridden texts below a directory, relative to it.
    pub fn texts_below<'a>(&'a self, directory: &'a str) -> impl Iterator<Item = &'a str> {
        self.below(directory)
            .filter(|(_, change)| matches!(change, Override::Text(_)))
            .map(|(path, _)| path)
    }

    /// Whether a path below the directory is overridden.
    pub fn reach_below(&self, directory: &str) -> bool {
        self.below(directory).next().is_some()
    }

    fn below<'a>(&'a self, directory: &'a str) -> impl Iterator<Item = (&'a str, &'a Override)> {
        self.within(directory).map(move |(path, change)| {
            let rest = path.strip_prefix(directory).unwrap_or(path);
            (rest.strip_prefix('/').unwrap_or(rest), change)
        })
    }

    /// The overrides below a directory, adjacent in the map's order.
    fn within(&self, directory: &str) -> impl Iterator<Item = (&String, &Override)> + use<'_> {
        let start = match directory {
            "" => String::new(),
            directory => format!("{directory}/"),
        };
        self.0
            .range(start.clone()..)
            .take_while(move |(path, _)| path.starts_with(&start))
    }

    /// Another override with a text, above or below a path.
    fn leaf_in_the_way(&self, path: &str) -> Option<&str> {
        let is_text = |(_, change): &(&String, &Override)| matches!(change, Override::Text(_));
        let outer = ancestors(path).filter_map(|outer| self.0.get_key_value(outer));
        let mut around = outer.chain(self.within(path)).filter(is_text);
        around.next().map(|(other, _)| &**other)
    }
}

/// A path shortened for an error message.
fn shown(path: &str) -> &str {
    &path[..path.floor_char_boundary(MAX_SHOWN)]
}

/// The maximum length of a path in an error message, in bytes.
const MAX_SHOWN: usize = 100;

/// The parent directories of a path, innermost first.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(parent(path), |path| parent(path))
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(outer, _)| outer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(given: &[(&str, Option<&str>)]) -> Result<Overrides, Problem> {
        let mut overrides = Overrides::default();
        for (path, text) in given {
            let change = text.map_or(Override::Gone, |text| Override::Text(text.into()));
            overrides.set(path, change)?;
        }
        Ok(overrides)
    }

    #[test]
    fn the_innermost_override_applies() {
        let overrides = overrides(&[
            ("meta-data/iam", None),
            ("/meta-data//iam/info/", Some("x")),
        ])
        .unwrap();
        assert_eq!(
            overrides.lookup("meta-data/iam/info"),
            OverrideLookup::Text("x")
        );
        assert_eq!(
            overrides.lookup("meta-data/iam/info/y"),
            OverrideLookup::Gone
        );
        assert_eq!(
            overrides.lookup("meta-data/iam/security-credentials"),
            OverrideLookup::Gone
        );
        assert_eq!(
            overrides.lookup("meta-data/iam-info"),
            OverrideLookup::Unchanged
        );
    }

    #[test]
    fn overrides_that_can_never_be_served_are_rejected() {
        let said = |given: &[_]| overrides(given).unwrap_err().to_string();
        assert_eq!(
            said(&[("latest/meta-data/ami-id", Some("x"))]),
            "latest/meta-data/ami-id: this is not a metadata path; write it without a version, as \
             in meta-data/instance-id"
        );
        assert_eq!(
            said(&[("meta-data/a", Some("x")), ("meta-data/a/b", Some("y"))]),
            "meta-data/a/b: a leaf cannot be below a leaf, and meta-data/a is one; remove one of \
             them"
        );
        assert_eq!(
            said(&[("meta-data/a/b", Some("x")), ("meta-data/a", Some("y"))]),
            "meta-data/a: a leaf cannot be below a leaf, and meta-data/a/b is one; remove one of \
             them"
        );
    }
    #[test]
    fn two_spellings_of_one_path_are_rejected() {
        let paths = ["/meta-data/a", "meta-data//a"];
        let given = paths.map(|path| (path.to_owned(), Override::Gone));
        assert_eq!(
            Overrides::new(&given.into()).unwrap_err().to_string(),
            "meta-data//a: meta-data/a is overridden twice; remove one of them"
        );
    }

    #[test]
    fn overrides_above_the_limits_are_rejected() {
        let mut many = Overrides::default();
        for number in 0..MAX_OVERRIDES {
            let path = format!("meta-data/{number}");
            many.set(&path, Override::Gone).unwrap();
        }
        many.set("meta-data/0", Override::Text("x".into())).unwrap();
        let more = many.set("meta-data/x", Override::Gone).unwrap_err();
        assert_eq!(
            more.to_string(),
            "meta-data/x: there are more than 2048 overrides; remove some"
        );
        let deep = format!("meta-data{}", "/a".repeat(4000));
        let problem = overrides(&[(&deep, Some("x"))]).unwrap_err().to_string();
        let message = "the path is longer than 1024 bytes; write a shorter one";
        assert!(problem.ends_with(message) && problem.len() < 200);
        let deep = format!("meta-data{}", "/a".repeat(limits::MAX_PATH_DEPTH));
        let problem = overrides(&[(&deep, Some("x"))]).unwrap_err().to_string();
        assert!(problem.ends_with("the path has more than 32 names; write fewer"));
    }
}

//! Differences of two captures.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::overrides::names;
use super::redact::is_credentials;
use super::trees::{CapturedNode, Tree, Trees};

/// A difference at a path, in consecutive versions.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference<'t> {
    path: &'t str,
    /// The indices of the first and the last version.
    range: (usize, usize),
    first: &'t str,
    last: &'t str,
    before: Option<&'t CapturedNode>,
    after: Option<&'t CapturedNode>,
}

/// Returns all differences, by path.
pub(super) fn between<'t>(before: &'t Trees, after: &'t Trees) -> Vec<Difference<'t>> {
    let versions: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let mut all = Vec::<Difference<'_>>::new();
    for (index, version) in versions.into_iter().enumerate() {
        let trees = (before.get(version), after.get(version));
        for path in different_paths(trees) {
            let at = |tree: Option<&'t Tree>| tree.and_then(|tree| tree.get(path));
            let (before, after) = (at(trees.0), at(trees.1));
            let known = all.iter_mut().find(|known| {
                known.range.1 + 1 == index
                    && (known.path, known.before, known.after) == (path, before, after)
            });
            if let Some(known) = known {
                known.range.1 = index;
                known.last = version;
            } else {
                all.push(Difference {
                    path,
                    range: (index, index),
                    first: version,
                    last: version,
                    before,
                    after,
                });
            }
        }
    }
    all.sort_by_key(|difference| (difference.path, difference.range));
    all
}

/// The paths at which two trees differ: leaves, and listings with the same
/// names. A missing tree differs at its root.
fn different_paths<'t>(trees: (Option<&'t Tree>, Option<&'t Tree>)) -> Vec<&'t str> {
    let (Some(before), Some(after)) = trees else {
        return vec!["/"];
    };
    let paths: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let paths = paths.into_iter().map(String::as_str);
    let differ = |path: &&str| match (before.get(*path), after.get(*path)) {
        (Some(one), Some(other)) if path.ends_with('/') => {
            one != other && names(before, path) == names(after, path)
        }
        _ if path.ends_with('/') => false,
        (Some(one), Some(other)) => one != other && lasting(path, one) != lasting(path, other),
        _ => true,
    };
    paths.filter(differ).collect()
}

/// Removes the dates that change by themselves from a document.
fn lasting(path: &str, found: &CapturedNode) -> Result<Value, CapturedNode> {
    let is_dated = is_credentials(path) || path.ends_with("/info");
    let document = found.text().filter(|_| is_dated);
    let document = document.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let mut document = document.ok_or_else(|| found.clone())?;
    if let Some(fields) = document.as_object_mut() {
        fields.retain(|name, _| !["Expiration", "LastUpdated"].contains(&name.as_str()));
    }
    Ok(document)
}

/// One line: the versions, the path, the old and the new value.
impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.first)?;
        if self.first != self.last {
            write!(f, "..{}", self.last)?;
        }
        write!(f, "  {}", self.path)?;
        for (mark, found) in [('-', self.before), ('+', self.after)] {
            match found {
                None => {}
                Some(CapturedNode::Withheld) => write!(f, "  {mark} (withheld)")?,
                Some(found) => write!(f, "  {mark} {}", found.to_json())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trees(given: &[(&str, &[(&str, &str)])]) -> Trees {
        let tree = |found: &[(&str, &str)]| {
            let found = found.iter();
            found
                .map(|(path, text)| ((*path).into(), CapturedNode::Text((*text).into())))
                .collect()
        };
        let given = given.iter();
        given
            .map(|(version, found)| ((*version).into(), tree(found)))
            .collect()
    }

    #[track_caller]
    fn check(
        before: &[(&str, &[(&str, &str)])],
        after: &[(&str, &[(&str, &str)])],
        lines: &[&str],
    ) {
        let (before, after) = (trees(before), trees(after));
        let found = between(&before, &after);
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, lines);
    }

    #[test]
    fn a_change_in_several_versions_is_one_line() {
        check(
            &[
                ("1.0", &[("a", "1")]),
                ("2", &[("a", "1")]),
                ("latest", &[("a", "1")]),
            ],
            &[
                ("1.0", &[("a", "1")]),
                ("2", &[("a", "x\ny")]),
                ("latest", &[("a", "x\ny")]),
            ],
            &[r#"2..latest  a  - "1"  + "x\ny""#],
        );
    }

    #[test]
    fn added_and_removed_leaves_are_reported_once() {
        check(
            &[("latest", &[("/", "a"), ("a", "1")])],
            &[("latest", &[("/", "b"), ("b", "2")])],
            &[r#"latest  a  - "1""#, r#"latest  b  + "2""#],
        );
    }

    #[test]
    fn a_listing_is_reported_if_only_it_changed() {
        check(
            &[("latest", &[("/", "a"), ("a", "1")])],
            &[("latest", &[("/", "a/"), ("a", "1")])],
            &[r#"latest  /  - "a"  + "a/""#],
        );
    }

    #[test]
    fn a_removed_version_is_one_line() {
        check(
            &[("1.0", &[("/", "a"), ("a", "1")]), ("latest", &[])],
            &[("latest", &[])],
            &[r#"1.0  /  - "a""#],
        );
    }

    #[test]
    fn dates_of_credentials_are_ignored() {
        let path = "meta-data/iam/info";
        check(
            &[(
                "latest",
                &[(path, r#"{"Code": "Success", "LastUpdated": "a"}"#)],
            )],
            &[(
                "latest",
                &[(path, r#"{"Code": "Success", "LastUpdated": "b"}"#)],
            )],
            &[],
        );
    }
}

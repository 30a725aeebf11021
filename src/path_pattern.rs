//! Path patterns: `*` matches one segment, `**` any number of segments.

use serde_json::Value;

use crate::description::Read;
use crate::limits;
use crate::path;
use crate::problem::Problem;

/// A pattern such as `/latest/meta-data/iam/**`. Repeated and final slashes are
/// ignored in patterns and paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathPattern(String);

impl PathPattern {
    /// Parses a pattern. Every text within the limits is a pattern.
    pub(crate) fn new(text: &str) -> Result<Self, Problem> {
        limits::check_path(text).map_err(|message| Problem::new("", message))?;
        Ok(Self(text.to_owned()))
    }

    /// The pattern as written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a normalized path matches. On a mismatch, the last `**` takes one
    /// more segment, so each segment of the path is compared with each segment of
    /// the pattern at most once.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let wanted: Vec<_> = names(&self.0).collect();
        let path: Vec<_> = names(path).collect();
        let (mut place, mut index) = (0, 0);
        let mut last: Option<(usize, usize)> = None;
        while let Some(name) = path.get(index) {
            match wanted.get(place) {
                Some(&"**") => {
                    place += 1;
                    last = Some((place, index));
                }
                Some(wanted) if *wanted == "*" || wanted == name => {
                    place += 1;
                    index += 1;
                }
                _ => {
                    let Some((after, taken)) = &mut last else {
                        return false;
                    };
                    *taken += 1;
                    (place, index) = (*after, *taken);
                }
            }
        }
        wanted[place..].iter().all(|wanted| *wanted == "**")
    }
}

/// Whether a path as sent by a client, without its query, matches a pattern such
/// as `/latest/meta-data/iam/**`.
pub fn path_matches(pattern: &str, path: &str) -> bool {
    PathPattern(pattern.to_owned()).matches(&path::normalize(path))
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}

impl Read for PathPattern {
    fn read(value: &Value) -> Result<Self, Problem> {
        Self::new(&String::read(value)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, path: &str, expected: bool) {
        let pattern = PathPattern::new(pattern).unwrap();
        assert_eq!(pattern.matches(path), expected);
    }

    #[test]
    fn one_star_is_one_name_and_two_are_any_number() {
        check(
            "/latest/meta-data/iam/**",
            "latest/meta-data/iam/info",
            true,
        );
        check("/latest/meta-data/iam/**", "latest/meta-data/iam", true);
        check("/*/meta-data/ami-id", "2021-03-23/meta-data/ami-id", true);
        check("/*/meta-data/ami-id", "meta-data/ami-id", false);
        check("**/info", "latest/meta-data/iam/info", true);
        check("**", "", true);
    }

    #[test]
    fn a_pattern_without_stars_is_one_path_however_its_slashes_stand() {
        check("/latest//api/token/", "latest/api/token", true);
        check("latest/api/token", "latest/api/token", true);
        check("/latest/api", "latest/api/token", false);
        check("/", "", true);
    }
    #[test]
    fn several_double_stars_find_each_part_in_its_order() {
        check("**/a/**/b", "x/a/y/a/z/b", true);
        check("**/a/*/b", "a/x/c/a/y/b", true);
        check("**/a/**/b", "b/a", false);
        check("a/**/**/b/**", "a/b", true);
        check("**/a/a/b", "a/a/a/b", true);
        check("**/b", "a/b/c", false);
    }

    #[test]
    fn long_patterns_are_rejected() {
        let said = |text: &str| PathPattern::new(text).unwrap_err().to_string();
        assert_eq!(
            said(&"*/".repeat(33)),
            "the path has more than 32 names; write fewer"
        );
        assert_eq!(
            said(&"x".repeat(1025)),
            "the path is longer than 1024 bytes; write a shorter one"
        );
        assert!(PathPattern::new(&"*/".repeat(32)).is_ok());
    }
}

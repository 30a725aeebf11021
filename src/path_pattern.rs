//! Patterns of paths: `*` stands for one name, `**` for any number of them.

use serde_json::Value;

use crate::description::Read;
use crate::problem::Problem;

/// A pattern such as `/latest/meta-data/iam/**`, compared name by name with
/// normalised paths: doubled and final slashes do not matter in either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathPattern(String);

impl PathPattern {
    /// Any text is a pattern.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The pattern as it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a normalised path is of this kind.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let path: Vec<_> = names(path).collect();
        // How many names of the path the pattern may have used up so far.
        let mut used = vec![false; path.len() + 1];
        used[0] = true;
        for wanted in names(&self.0) {
            if wanted == "**" {
                let first = used.iter().position(|used| *used);
                used[first.unwrap_or(path.len())..].fill(first.is_some());
                continue;
            }
            for (index, name) in path.iter().enumerate().rev() {
                used[index + 1] = used[index] && (wanted == "*" || wanted == *name);
            }
            used[0] = false;
        }
        used[path.len()]
    }
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}

impl Read for PathPattern {
    fn read(value: &Value) -> Result<Self, Problem> {
        String::read(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, path: &str, expected: bool) {
        assert_eq!(PathPattern::new(pattern).matches(path), expected);
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
}

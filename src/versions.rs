//! API versions, and the first version of each category.

use std::fmt;

/// The versions that a 2026 Nitro instance lists, oldest first (reference 2.1).
pub const VERSIONS: [&str; 30] = [
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
    "2011-01-01",
    "2011-05-01",
    "2012-01-12",
    "2014-02-25",
    "2014-11-05",
    "2015-10-20",
    "2016-04-19",
    "2016-06-30",
    "2016-09-02",
    "2018-03-28",
    "2018-08-17",
    "2018-09-24",
    "2019-10-01",
    "2020-10-27",
    "2021-01-03",
    "2021-03-23",
    "2021-07-15",
    "2022-09-24",
    "2024-04-11",
    "2025-10-04",
    "2026-04-15",
];

/// The name of the newest version, listed after all others.
pub const LATEST: &str = "latest";

/// One API version: `1.0` or a date.
///
/// Versions order by age, which for these names is the order of their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version<'a>(&'a str);

impl<'a> Version<'a> {
    /// Creates a version from its name, without validation.
    pub const fn new(name: &'a str) -> Self {
        Self(name)
    }

    /// Whether a category that AWS dates at `since` is visible in this version.
    ///
    /// A date between two versions counts as the earlier one: `placement/region`,
    /// dated 2020-08-24, is visible from 2019-10-01 (reference 2.3).
    pub fn shows(self, since: &str) -> bool {
        // The largest version before a date cannot be after it.
        if self.0 >= since {
            return true;
        }
        let gate = VERSIONS
            .iter()
            .rev()
            .find(|version| **version <= since)
            .unwrap_or(&VERSIONS[0]);
        self.0 >= *gate
    }
}

impl fmt::Display for Version<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_are_in_order() {
        assert!(VERSIONS.is_sorted());
    }

    #[test]
    fn a_date_between_versions_counts_from_the_one_before() {
        assert!(!Version::new("2018-09-24").shows("2020-08-24"));
        assert!(Version::new("2019-10-01").shows("2020-08-24"));
        assert!(!Version::new("2016-09-02").shows("2018-05-23"));
        assert!(Version::new("2018-03-28").shows("2018-05-23"));
    }

    #[test]
    fn undated_categories_are_in_the_first_version() {
        assert!(Version::new("1.0").shows("1.0"));
        assert!(!Version::new("1.0").shows("2007-01-19"));
    }
}

//! Directory listings (reference 4).

use crate::small_sort::sorted;
use std::borrow::Cow;

/// The entries of a directory.
#[derive(Debug, Default)]
pub(super) struct Listing<'a>(Vec<Entry<'a>>);

/// An entry of a directory.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// The path segment.
    pub(super) name: Cow<'a, str>,
    pub(super) is_leaf: bool,
    /// The line in the listing, if not the name with or without a slash.
    pub(super) line: Option<String>,
}

impl<'a> Entry<'a> {
    pub(super) fn new(name: impl Into<Cow<'a, str>>, is_leaf: bool) -> Self {
        Self {
            name: name.into(),
            is_leaf,
            line: None,
        }
    }

    fn line(&self) -> Cow<'_, str> {
        match &self.line {
            Some(line) => line.into(),
            None if self.is_leaf => (&*self.name).into(),
            None => format!("{}/", self.name).into(),
        }
    }
}

impl<'a> Listing<'a> {
    pub(super) fn push(&mut self, entry: Entry<'a>) {
        self.0.push(entry);
    }

    /// Whether the last entry has this name. Rows are sorted, so the rows of one
    /// entry are adjacent.
    pub(super) fn ends_with(&self, name: &str) -> bool {
        self.0.last().is_some_and(|entry| entry.name == name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn entries(self) -> impl Iterator<Item = Entry<'a>> {
        self.0.into_iter()
    }

    /// Formats the names in byte order, one per line, without a final newline.
    /// Directories end in a slash, except for the three entries directly below a
    /// version.
    pub(super) fn text(&self, below_version: bool) -> String {
        let mut lines = sorted(self.0.iter().map(Entry::line));
        lines.dedup();
        if below_version {
            for line in &mut lines {
                *line = line.trim_end_matches('/').to_owned().into();
            }
        }
        lines.join("\n")
    }
}

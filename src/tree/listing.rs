//! The names in a directory, and how they are written (reference 4).

use crate::small_sort::sorted;
use std::borrow::Cow;

/// What a directory holds.
#[derive(Debug, Default)]
pub(super) struct Listing<'a>(Vec<Entry<'a>>);

/// One name in a directory.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// As in a path.
    pub(super) name: Cow<'a, str>,
    pub(super) is_leaf: bool,
    /// As in a listing, where that is neither the name nor the name and a slash.
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

    /// Whether the name that was added last is this one. Rows are sorted, so
    /// those of one directory follow each other.
    pub(super) fn ends_with(&self, name: &str) -> bool {
        self.0.last().is_some_and(|entry| entry.name == name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn entries(self) -> impl Iterator<Item = Entry<'a>> {
        self.0.into_iter()
    }

    /// Names in byte order, one a line, without a newline at the end.
    /// Directories end in a slash, but for the three names right below a
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

//! An error in user input, as one sentence.

use std::fmt;

/// An error in a setting or document: its place, the problem, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    place: String,
    message: String,
}

impl Problem {
    /// `place` is a flag, a variable, a file, or a path in a document. `message`
    /// states the problem and the remedy.
    pub fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            message: message.into(),
        }
    }

    /// Adds an outer place.
    #[must_use]
    pub fn within(self, place: &str) -> Self {
        let place = if self.place.is_empty() {
            place.to_owned()
        } else {
            format!("{place}: {}", self.place)
        };
        Self { place, ..self }
    }
}

impl Problem {
    /// Replaces the place by the source of the value.
    #[must_use]
    pub(crate) fn at(self, place: &str) -> Self {
        let place = place.to_owned();
        Self { place, ..self }
    }

    /// Adds a field name or an item `[index]` to the path in the document.
    #[must_use]
    pub(crate) fn inside(self, step: &str) -> Self {
        let separator = if self.place.is_empty() || self.place.starts_with('[') {
            ""
        } else {
            "."
        };
        Self {
            place: format!("{step}{separator}{}", self.place),
            ..self
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.place, self.message)
        }
    }
}

impl std::error::Error for Problem {}

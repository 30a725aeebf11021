//! An error in user input, as one sentence.

use std::fmt;

/// A refusal of a setting or a document: its place, what is wrong there, and
/// what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    place: String,
    message: String,
}

impl Problem {
    /// `place` is what a person finds again: a flag, a variable, a file, a path
    /// in a document. `message` says what is wrong and names the remedy.
    pub fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            message: message.into(),
        }
    }

    /// The same problem, seen from further outside.
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
    /// The same problem of a value that was given somewhere else.
    #[must_use]
    pub(crate) fn at(self, place: &str) -> Self {
        let place = place.to_owned();
        Self { place, ..self }
    }

    /// The same problem, inside a field of this name or an item `[index]`.
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

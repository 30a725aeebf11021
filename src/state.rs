//! The state document: what outlives a request (design: one document, one key).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::problem::Problem;

/// The version of the document that this program writes and reads.
pub const STATE_VERSION: u64 = 1;

/// What the control calls have set. An absent document is the default one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// [`STATE_VERSION`].
    pub version: u64,
    /// Counts the changes.
    pub revision: u64,
    /// Drawn anew by every reset; tokens of another epoch are void.
    pub epoch: String,
}

impl Default for State {
    fn default() -> Self {
        Self {
            version: STATE_VERSION,
            revision: 0,
            epoch: String::new(),
        }
    }
}

impl State {
    /// Reads a stored document.
    pub fn read(stored: Option<&[u8]>) -> Result<Self, Problem> {
        let Some(bytes) = stored else {
            return Ok(Self::default());
        };
        let damaged = |error: serde_json::Error| {
            Problem::new(
                "the state document",
                format!("{error}; POST /_imdsim/reset starts over, as does deleting its key"),
            )
        };
        let document: Value = serde_json::from_slice(bytes).map_err(damaged)?;
        let version = document.get("version").and_then(Value::as_u64);
        if version.is_some_and(|version| version > STATE_VERSION) {
            return Err(Problem::new(
                "the state document",
                "it was written by a newer imdsim; use that one, or another store",
            ));
        }
        serde_json::from_value(document).map_err(damaged)
    }

    /// The document to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a state has text keys only")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let state = State {
            revision: 3,
            epoch: "abc".into(),
            ..State::default()
        };
        assert_eq!(State::read(Some(&state.to_bytes())).unwrap(), state);
        assert_eq!(State::read(None).unwrap(), State::default());
    }

    #[test]
    fn a_newer_document_is_refused_as_such() {
        let newer = State::read(Some(br#"{"version": 2, "surprise": true}"#)).unwrap_err();
        assert!(newer.to_string().contains("newer imdsim"), "{newer}");
        let damaged = State::read(Some(b"{")).unwrap_err();
        assert!(damaged.to_string().contains("/_imdsim/reset"), "{damaged}");
    }
}

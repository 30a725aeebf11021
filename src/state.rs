//! The state document: all run-time changes, in one document under one key.

use serde_json::{Value, json};

use crate::clock::Clock;
use crate::hex;
use crate::problem::Problem;
use crate::request_context::RequestContext;
use crate::simulation::Timeline;
use crate::time::UnixMillis;

/// The version of the document that this program writes and reads.
pub const STATE_VERSION: u64 = 1;

/// Text before the key of the body in a reference, without the writers' names in
/// front of it.
const REFERENCE: &str = "\"body\":\"";

/// A document that refers to a longer one under another key, so that it stays
/// short for requests that do not need the rest.
pub fn reference(body_key: &str) -> Vec<u8> {
    format!("{{{REFERENCE}{body_key}\"}}").into_bytes()
}

/// The key of the document that a stored one refers to; `None` if it is complete.
pub fn body_key(stored: &[u8]) -> Option<&str> {
    let text = str::from_utf8(stored.get(..stored.len().min(MAX_REFERENCE_LEN))?).ok()?;
    let fields = text.strip_prefix('{')?.strip_suffix("\"}")?;
    let fields = match fields.strip_prefix("\"writers\":\"") {
        Some(rest) => rest.split_once("\",")?.1,
        None => fields,
    };
    fields.strip_prefix(REFERENCE)
}

/// The maximum length of a reference in bytes, with the names of its writers.
const MAX_REFERENCE_LEN: usize = 512;

/// The changes made through the control API. An absent document is the default one.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The number of changes so far.
    pub revision: u64,
    /// A new value at every reset, and at a snapshot of another epoch. Tokens of
    /// another epoch are invalid.
    pub epoch: String,
    /// The changes to the start-up description, as a merge patch.
    pub instance: Value,
    /// The adjustment of the clock.
    pub clock: Clock,
    /// The time of the last reset, from which the delays of the start-up timeline
    /// count if there was one.
    pub since: Option<UnixMillis>,
    /// The timeline, if any events were added or cancelled; `None` for the start-up
    /// timeline.
    pub(crate) timeline: Option<Timeline>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            revision: 0,
            epoch: String::new(),
            instance: json!({}),
            clock: Clock::Running,
            since: None,
            timeline: None,
        }
    }
}

impl State {
    /// Parses a stored document.
    pub fn read(stored: Option<&[u8]>) -> Result<Self, Problem> {
        let Some(bytes) = stored else {
            return Ok(Self::default());
        };
        let document =
            serde_json::from_slice(bytes).map_err(|error| damaged(&error.to_string()))?;
        Self::from_json(&document)
    }

    /// Returns the revision of a stored document that may otherwise be invalid.
    pub(crate) fn revision_of(stored: Option<&[u8]>) -> u64 {
        let document = stored.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
        let revision = document.and_then(|document| document["revision"].as_u64());
        revision.unwrap_or(0)
    }

    /// Returns a new epoch. The revision makes it unique if random bytes are fixed.
    pub(crate) fn new_epoch(revision: u64, context: RequestContext) -> String {
        format!("{revision}-{}", hex::encode(&context.entropy[..16]))
    }

    /// Parses the output of [`to_json`](Self::to_json).
    pub(crate) fn from_json(document: &Value) -> Result<Self, Problem> {
        match document["version"].as_u64() {
            None => return Err(damaged("it has no version")),
            Some(version) if version > STATE_VERSION => {
                return Err(Problem::new(
                    PLACE,
                    "it was written by a newer imdsim; use that one, or another store",
                ));
            }
            Some(0) => return Err(damaged("versions begin with 1")),
            Some(_) => {}
        }
        let instance = &document["instance"];
        if !instance.is_object() {
            return Err(damaged("it has no instance"));
        }
        let timeline = match &document["events"] {
            Value::Null => None,
            events => Some(
                Timeline::read(events, UnixMillis::default())
                    .map_err(|problem| damaged(&format!("its events are invalid ({problem})")))?,
            ),
        };
        Ok(Self {
            revision: document["revision"]
                .as_u64()
                .ok_or_else(|| damaged("it has no revision"))?,
            epoch: document["epoch"]
                .as_str()
                .ok_or_else(|| damaged("it has no epoch"))?
                .to_owned(),
            instance: instance.clone(),
            clock: Clock::read(&document["clock"])
                .map_err(|problem| damaged(&format!("its clock is invalid ({problem})")))?,
            since: since(&document["since"])?,
            timeline,
        })
    }

    /// The document as JSON.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "version": STATE_VERSION,
            "revision": self.revision,
            "epoch": self.epoch,
            "instance": self.instance,
            "clock": self.clock.to_json(),
            "since": self.since.map(|time| time.0),
            "events": self.timeline.as_ref().map(Timeline::to_list),
        })
    }

    /// The document to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_json().to_string().into_bytes()
    }
}

const PLACE: &str = "the state document";

/// The error for a damaged document. The caller adds the remedy, which depends
/// on the source of the document.
pub(crate) fn damaged(how: &str) -> Problem {
    Problem::new(PLACE, how)
}

/// Parses the time of the last reset, if any.
fn since(value: &Value) -> Result<Option<UnixMillis>, Problem> {
    if value.is_null() {
        return Ok(None);
    }
    let time = value.as_i64().map(UnixMillis);
    let time = time.filter(|time| *time == time.clamped());
    let time = time.ok_or_else(|| damaged("its last reset is not a time"))?;
    Ok(Some(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_round_trip() {
        let state = State {
            revision: 3,
            epoch: "abc".into(),
            instance: json!({ "Tags": null }),
            clock: Clock::Shifted(-1500),
            since: Some(UnixMillis(5)),
            timeline: Some(Timeline::default()),
        };
        assert_eq!(State::read(Some(&state.to_bytes())).unwrap(), state);
        assert_eq!(State::read(None).unwrap(), State::default());
    }

    #[test]
    fn a_reference_names_its_body_with_and_without_writers() {
        let bare = reference("imdsim/state/1");
        assert_eq!(body_key(&bare), Some("imdsim/state/1"));
        let signed = br#"{"writers":"00ff","body":"imdsim/state/1"}"#;
        assert_eq!(body_key(signed), Some("imdsim/state/1"));
        for complete in [State::default().to_bytes(), b"{}".into(), b"".into()] {
            assert_eq!(body_key(&complete), None);
        }
    }

    #[test]
    fn newer_documents_are_rejected() {
        let newer = State::read(Some(br#"{"version": 2, "surprise": true}"#)).unwrap_err();
        assert!(newer.to_string().contains("newer imdsim"), "{newer}");
        let damaged = State::read(Some(b"{")).unwrap_err();
        assert!(
            damaged.to_string().starts_with("the state document: EOF"),
            "{damaged}"
        );
    }

    #[test]
    fn an_offset_that_was_stored_as_a_shift_is_still_one() {
        let stored = br#"{"version": 1, "revision": 3, "epoch": "e", "instance": {},
                          "clock": {"shift": "+1s"}}"#;
        let state = State::read(Some(stored)).unwrap();
        assert_eq!(state.clock, Clock::Shifted(1000));
        assert_eq!(State::revision_of(Some(stored)), 3);
        assert_eq!(State::revision_of(Some(b"{")), 0);
    }
}

//! Events in the order of their time.

use std::ops::Range;

use serde_json::Value;

use super::event::Event;
use super::fault::{Fault, Often};
use super::tally::Tally;
use crate::description::kind;
use crate::problem::Problem;
use crate::request::Asked;
use crate::time::UnixMillis;

/// A fault, by its id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Struck<'s> {
    pub(crate) id: &'s str,
    pub(crate) fault: &'s Fault,
}

impl Struck<'_> {
    /// The name under which it is counted: one that is put anew begins anew.
    pub(crate) fn counted(&self) -> String {
        format!("{}@{}", self.id, self.fault.revision)
    }
}

/// All events, those that are still to come included, by their time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Story(Vec<Event>);

impl Story {
    /// Reads `{"events": […]}` or the list alone. Events without an id are
    /// called by their place, beginning with 1. `base` is when `in` counts from.
    pub(crate) fn read(document: &Value, base: UnixMillis) -> Result<Self, Problem> {
        let (step, list) = match document {
            Value::Object(fields) if fields.contains_key("events") => {
                ("events", &document["events"])
            }
            list => ("", list),
        };
        let Value::Array(list) = list else {
            let complaint = format!(
                "this is {}, not a list of events; write {{\"events\": […]}}",
                kind(list)
            );
            return Err(Problem::new(step, complaint));
        };
        let mut story = Self::default();
        for (index, document) in list.iter().enumerate() {
            let place = format!("{step}[{index}]");
            let event = Event::read(document, base, &(index + 1).to_string());
            story.put(event.map_err(|problem| problem.inside(&place))?);
        }
        Ok(story)
    }

    /// The same as of a revision of the state.
    pub(crate) fn at_revision(self, revision: u64) -> Self {
        let events = self.0.into_iter();
        Self(events.map(|event| event.at_revision(revision)).collect())
    }

    /// The list that says the same.
    pub(crate) fn to_list(&self) -> Value {
        self.0.iter().map(Event::to_json).collect()
    }

    /// Puts an event where its time belongs, in the place of one of its id.
    pub(crate) fn put(&mut self, event: Event) {
        self.0.retain(|known| known.id != event.id);
        let place = self.0.partition_point(|known| known.at <= event.at);
        self.0.insert(place, event);
    }

    /// An id that no event has.
    pub(crate) fn new_id(&self) -> String {
        let numbers = self
            .0
            .iter()
            .filter_map(|event| event.id.parse::<u64>().ok());
        numbers.max().unwrap_or(0).saturating_add(1).to_string()
    }

    /// The fault of this id, or the other event.
    pub(crate) fn find(&self, id: &str, faults: bool) -> Option<&Event> {
        self.events(faults).find(|event| event.id == id)
    }

    /// The story without the event of this id.
    pub(crate) fn without(&self, id: &str) -> Self {
        self.filtered(|event| event.id != id)
    }

    /// What has come by `now`, in order.
    pub(crate) fn due(&self, now: UnixMillis) -> impl Iterator<Item = &Event> {
        self.0.iter().take_while(move |event| event.at <= now)
    }

    /// The story that is left when the changes that have come by `now` have
    /// been written into the description itself.
    pub(crate) fn settled(&self, now: UnixMillis) -> Self {
        self.filtered(|event| event.at > now || !event.is_change())
    }

    /// The time around `now` in which nothing comes.
    pub(crate) fn stretch(&self, now: UnixMillis) -> Range<UnixMillis> {
        let next = self.0.partition_point(|event| event.at <= now);
        let (past, future) = self.0.split_at(next);
        let from = past.last().map_or(UnixMillis(i64::MIN), |event| event.at);
        let until = future
            .first()
            .map_or(UnixMillis(i64::MAX), |event| event.at);
        from..until
    }

    /// All in order, faults or the others.
    pub(crate) fn events(&self, faults: bool) -> impl Iterator<Item = &Event> {
        self.0
            .iter()
            .filter(move |event| event.fault().is_some() == faults)
    }

    /// The story without its faults, or without everything else.
    pub(crate) fn without_all(&self, faults: bool) -> Self {
        self.filtered(|event| event.fault().is_some() != faults)
    }

    /// Whether what becomes of a request depends on others before it.
    pub(crate) fn counts(&self, asked: &Asked<'_>, now: UnixMillis) -> bool {
        self.faults(asked, now)
            .any(|struck| struck.fault.often != Often::Always)
    }

    /// The fault that strikes a request: of those that are about it the first
    /// whose turn it is. Those before it count the request.
    pub(crate) fn strike(
        &self,
        asked: &Asked<'_>,
        now: UnixMillis,
        tally: &mut Tally,
    ) -> Option<Struck<'_>> {
        self.faults(asked, now)
            .find(|struck| match struck.fault.often {
                Often::Always => true,
                _ => tally.strikes(struck, now),
            })
    }

    /// The names under which faults are counted.
    pub(crate) fn counted(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|event| {
            let fault = event.fault()?;
            let id = &event.id;
            Some(Struck { id, fault }.counted())
        })
    }

    /// What is about a request at this time.
    fn faults(&self, asked: &Asked<'_>, now: UnixMillis) -> impl Iterator<Item = Struck<'_>> {
        self.due(now).filter_map(move |event| {
            let fault = event.fault()?;
            let id = &event.id;
            fault.concerns(asked, now).then_some(Struck { id, fault })
        })
    }

    /// When something comes.
    pub(crate) fn moments(&self) -> impl Iterator<Item = UnixMillis> {
        self.0.iter().map(|event| event.at)
    }

    fn filtered(&self, keep: impl Fn(&Event) -> bool) -> Self {
        Self(self.0.iter().filter(|event| keep(event)).cloned().collect())
    }
}

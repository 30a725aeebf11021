//! Events in the order of their time.

use std::ops::Range;

use serde_json::Value;

use super::event::{Event, given_id};
use super::fault::{Frequency, MatchedFault};
use super::ids::Ids;
use super::request_counters::RequestCounters;
use crate::description::kind;
use crate::limits::{MAX_EVENTS, MAX_FAULTS, MAX_READ_LEN};
use crate::problem::Problem;
use crate::request::MetadataRequest;
use crate::time::UnixMillis;
use crate::tree;

/// All events, those that are still to come included, by their time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Timeline(Vec<Event>);

impl Timeline {
    /// Reads `{"events": […]}` or the list alone; `base` is when `in` counts
    /// from.
    pub(crate) fn read(document: &Value, base: UnixMillis) -> Result<Self, Problem> {
        let (step, list) = match document {
            Value::Object(fields) if fields.contains_key("events") => {
                ("events", &document["events"])
            }
            list => ("", list),
        };
        let Value::Array(list) = list else {
            let message = format!(
                "this is {}, not a list of events; write {{\"events\": […]}}",
                kind(list)
            );
            return Err(Problem::new(step, message));
        };
        Self::read_list(list, base, step)
    }

    /// Reads a list that was found in the field `step`. A fault without an id is
    /// called by its preset, other events by their place, beginning with 1; in
    /// one list no two are called alike.
    pub(crate) fn read_list(list: &[Value], base: UnixMillis, step: &str) -> Result<Self, Problem> {
        let place = |index: usize| format!("{step}[{index}]");
        let mut ids = Ids::default();
        let mut faults = 0;
        for (index, document) in list.iter().enumerate() {
            let (is_fault, id, _) = given_id(document);
            faults += usize::from(is_fault);
            limited(index + 1 - faults, faults).map_err(|problem| problem.inside(step))?;
            if let Some(id) = id
                && !ids.take(is_fault, id)
            {
                let message = format!("duplicate id {id:?}; use another, or omit it");
                return Err(Problem::new(format!("{}.id", place(index)), message));
            }
        }
        let mut events = Vec::with_capacity(list.len());
        for (index, document) in list.iter().enumerate() {
            let id = match given_id(document) {
                (is_fault, None, preset) => ids.take_free(is_fault, preset, number(index)),
                _ => String::new(),
            };
            let event = Event::read(document, base, &id);
            events.push(event.map_err(|problem| problem.inside(&place(index)))?);
        }
        events.sort_by_key(|event| event.at);
        Ok(Self(events))
    }

    /// An event of a document, called as nothing is yet if it does not say how.
    pub(crate) fn read_another(
        &self,
        document: &Value,
        base: UnixMillis,
    ) -> Result<Event, Problem> {
        let id = match given_id(document) {
            (is_fault, None, preset) => {
                let mut ids = Ids::default();
                for event in &self.0 {
                    ids.take(event.is_fault(), &event.id);
                }
                let number = ids.next_number(is_fault);
                ids.take_free(is_fault, preset, number)
            }
            _ => String::new(),
        };
        Event::read(document, base, &id)
    }

    /// Refuses events after one of which the description makes no sense.
    /// `document` is what it is before them.
    pub(crate) fn check(&self, mut document: Value) -> Result<(), Problem> {
        let faults = self.events(true).count();
        limited(self.0.len() - faults, faults)?;
        let mut read = 0;
        for event in self.events(false) {
            event.apply(&mut document);
            read += document.to_string().len();
            let checked = if read <= MAX_READ_LEN {
                tree::read_instance(&document).map(drop)
            } else {
                let message = format!(
                    "up to here the descriptions after each event have more than {MAX_READ_LEN} \
                     bytes together; write fewer events, or describe a smaller instance"
                );
                Err(Problem::new("", message))
            };
            checked.map_err(|problem| problem.within(&format!("event {}", event.id)))?;
        }
        Ok(())
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

    /// Puts an event where its time belongs, in the place of one of its kind and
    /// id. One that is there to the letter stays where it is.
    fn put(&mut self, event: Event) {
        if self.0.contains(&event) {
            return;
        }
        let is_fault = event.is_fault();
        self.0
            .retain(|known| known.is_fault() != is_fault || known.id != event.id);
        let place = self.0.partition_point(|known| known.at <= event.at);
        self.0.insert(place, event);
    }

    /// The events in `kept`, with `events` added or replaced. They are new as of a
    /// revision of the state, except those that this timeline already contains.
    pub(crate) fn renewed(&self, mut kept: Self, events: Self, revision: u64) -> Self {
        for event in events.0 {
            kept.put(if self.0.contains(&event) {
                event
            } else {
                event.at_revision(revision)
            });
        }
        kept
    }

    /// The fault of this id, or the other event.
    pub(crate) fn find(&self, id: &str, faults: bool) -> Option<&Event> {
        self.events(faults).find(|event| event.id == id)
    }

    /// The timeline without the fault, or the other event, of this id.
    pub(crate) fn without(&self, id: &str, faults: bool) -> Self {
        self.filtered(|event| event.is_fault() != faults || event.id != id)
    }

    /// What has come by `now`, in order.
    pub(crate) fn due(&self, now: UnixMillis) -> impl Iterator<Item = &Event> {
        self.0.iter().take_while(move |event| event.at <= now)
    }

    /// The timeline without the changes due by `now`, for when they have been
    /// written into the description itself.
    pub(crate) fn fold_due_changes(&self, now: UnixMillis) -> Self {
        self.filtered(|event| event.at > now || !event.is_change())
    }

    /// The time around `now` in which nothing comes.
    pub(crate) fn quiet_interval(&self, now: UnixMillis) -> Range<UnixMillis> {
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
            .filter(move |event| event.is_fault() == faults)
    }

    /// The timeline without its faults, or with its faults only.
    pub(crate) fn without_all(&self, faults: bool) -> Self {
        self.filtered(|event| event.is_fault() != faults)
    }

    /// Whether what becomes of a request depends on others before it.
    pub(crate) fn counts(&self, request: &MetadataRequest<'_>, now: UnixMillis) -> bool {
        self.faults(request, now)
            .any(|matched| matched.fault.frequency != Frequency::Always)
    }

    /// The fault that strikes a request: of those that are about it the first
    /// whose turn it is. Those before it count the request.
    pub(crate) fn matching_fault(
        &self,
        request: &MetadataRequest<'_>,
        now: UnixMillis,
        request_counters: &mut RequestCounters,
    ) -> Option<MatchedFault<'_>> {
        self.faults(request, now)
            .find(|matched| match matched.fault.frequency {
                Frequency::Always => true,
                _ => request_counters.strikes(matched, now),
            })
    }

    /// The names under which faults are counted.
    pub(crate) fn counter_keys(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|event| {
            let fault = event.fault()?;
            let id = &event.id;
            Some(MatchedFault { id, fault }.counter_key())
        })
    }

    /// What is about a request at this time.
    fn faults(
        &self,
        request: &MetadataRequest<'_>,
        now: UnixMillis,
    ) -> impl Iterator<Item = MatchedFault<'_>> {
        self.due(now).filter_map(move |event| {
            let fault = event.fault()?;
            let id = &event.id;
            fault
                .concerns(request, now)
                .then_some(MatchedFault { id, fault })
        })
    }

    fn filtered(&self, keep: impl Fn(&Event) -> bool) -> Self {
        Self(self.0.iter().filter(|event| keep(event)).cloned().collect())
    }
}

/// A timeline of one event.
impl From<Event> for Timeline {
    fn from(event: Event) -> Self {
        Self(vec![event])
    }
}

/// Refuses more events and faults than there may be.
fn limited(events: usize, faults: usize) -> Result<(), Problem> {
    for (name, count, most) in [
        ("events", events, MAX_EVENTS),
        ("faults", faults, MAX_FAULTS),
    ] {
        if count > most {
            let message = format!("more than {most} {name}; remove some of them");
            return Err(Problem::new("", message));
        }
    }
    Ok(())
}

/// The number of a place in a list.
fn number(index: usize) -> u64 {
    u64::try_from(index).unwrap_or(u64::MAX).saturating_add(1)
}

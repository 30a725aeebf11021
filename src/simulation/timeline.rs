//! Events in chronological order.

use std::ops::Range;

use serde_json::Value;

use super::event::{Event, given_id};
use super::fault::MatchedFault;
use super::frequency::Frequency;
use super::ids::Ids;
use super::request_counters::RequestCounters;
use crate::description::kind;
use crate::limits::{MAX_EVENTS, MAX_FAULTS, MAX_READ_LEN};
use crate::problem::Problem;
use crate::request::MetadataRequest;
use crate::time::UnixMillis;
use crate::tree;

/// All events, past and future, sorted by time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Timeline(Vec<Event>);

impl Timeline {
    /// Parses `{"events": […]}` or the list alone; `in` counts from `base`.
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

    /// Parses the list in the field `step`. The default id is the preset for a
    /// fault and the position, from 1, for other events. Ids must be unique within
    /// each namespace.
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
                (is_fault, None, preset) => ids.take_free(is_fault, preset, position(index)),
                _ => String::new(),
            };
            let event = Event::read(document, base, &id);
            events.push(event.map_err(|problem| problem.inside(&place(index)))?);
        }
        events.sort_by_key(|event| event.at);
        Ok(Self(events))
    }

    /// Parses an event with a free id as default.
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
                let position = ids.next_number(is_fault);
                ids.take_free(is_fault, preset, position)
            }
            _ => String::new(),
        };
        Event::read(document, base, &id)
    }

    /// Rejects events that lead to an invalid description, starting from
    /// `document`.
    pub(crate) fn check(&self, document: &Value) -> Result<(), Problem> {
        let faults = self.faults().count();
        limited(self.0.len() - faults, faults)?;
        if faults == self.0.len() {
            return Ok(());
        }
        let mut document = document.clone();
        let mut read = 0;
        for event in self.events() {
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

    /// Sets the revision of all faults.
    pub(crate) fn at_revision(self, revision: u64) -> Self {
        let events = self.0.into_iter();
        Self(events.map(|event| event.at_revision(revision)).collect())
    }

    /// The JSON list, which [`read_list`](Self::read_list) parses.
    pub(crate) fn to_list(&self) -> Value {
        self.0.iter().map(Event::to_json).collect()
    }

    /// Inserts an event by time, replacing one with the same kind and id. An
    /// identical event keeps its position.
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

    /// Adds or replaces `events` in `kept`. Faults receive the revision, except
    /// those already in this timeline.
    pub(crate) fn merge_events(&self, mut kept: Self, events: Self, revision: u64) -> Self {
        for event in events.0 {
            kept.put(if self.0.contains(&event) {
                event
            } else {
                event.at_revision(revision)
            });
        }
        kept
    }

    /// Returns the fault or other event with this id.
    pub(crate) fn find(&self, id: &str, faults: bool) -> Option<&Event> {
        self.0
            .iter()
            .find(|event| event.is_fault() == faults && event.id == id)
    }

    /// The timeline without the fault or other event with this id.
    pub(crate) fn without(&self, id: &str, faults: bool) -> Self {
        self.filtered(|event| event.is_fault() != faults || event.id != id)
    }

    /// The events due by `now`, in order.
    pub(crate) fn due(&self, now: UnixMillis) -> impl Iterator<Item = &Event> {
        self.0.iter().take_while(move |event| event.at <= now)
    }

    /// The timeline without changes due by `now`, once they are merged into the
    /// description.
    pub(crate) fn fold_due_changes(&self, now: UnixMillis) -> Self {
        self.filtered(|event| event.at > now || !event.is_change())
    }

    /// The interval around `now` in which no event becomes due.
    pub(crate) fn quiet_interval(&self, now: UnixMillis) -> Range<UnixMillis> {
        let next = self.0.partition_point(|event| event.at <= now);
        let (past, future) = self.0.split_at(next);
        let from = past.last().map_or(UnixMillis(i64::MIN), |event| event.at);
        let until = future
            .first()
            .map_or(UnixMillis(i64::MAX), |event| event.at);
        from..until
    }

    /// All faults in order.
    pub(crate) fn faults(&self) -> impl Iterator<Item = &Event> {
        self.0.iter().filter(|event| event.is_fault())
    }

    /// All events except faults, in order.
    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.0.iter().filter(|event| !event.is_fault())
    }

    /// The timeline without its faults, or with its faults only.
    pub(crate) fn without_all(&self, faults: bool) -> Self {
        self.filtered(|event| event.is_fault() != faults)
    }

    /// Whether the response to a request depends on earlier requests.
    pub(crate) fn needs_counters(&self, request: &MetadataRequest<'_>, now: UnixMillis) -> bool {
        self.matching_faults(request, now)
            .any(|matched| matched.fault.frequency != Frequency::Always)
    }

    /// Returns the first matching fault that affects a request. Matching faults
    /// before it count the request.
    pub(crate) fn matching_fault(
        &self,
        request: &MetadataRequest<'_>,
        now: UnixMillis,
        request_counters: &mut RequestCounters,
    ) -> Option<MatchedFault<'_>> {
        self.matching_faults(request, now)
            .find(|matched| match matched.fault.frequency {
                Frequency::Always => true,
                _ => request_counters.affects(matched, now),
            })
    }

    /// The counter keys of all faults.
    pub(crate) fn counter_keys(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|event| {
            let fault = event.fault()?;
            let id = &event.id;
            Some(MatchedFault { id, fault }.counter_key())
        })
    }

    /// The faults that match a request at this time.
    fn matching_faults(
        &self,
        request: &MetadataRequest<'_>,
        now: UnixMillis,
    ) -> impl Iterator<Item = MatchedFault<'_>> {
        self.due(now).filter_map(move |event| {
            let fault = event.fault()?;
            let id = &event.id;
            fault
                .matches(request, now)
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

/// Enforces the limits on events and faults.
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

/// The one-based position of a list index.
fn position(index: usize) -> u64 {
    u64::try_from(index).unwrap_or(u64::MAX).saturating_add(1)
}

//! Events: timed changes to the description of the instance.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::fault::{self, Fault};
use super::ids;
use super::json_fields::{later, optional, strict, word};
use crate::description;
use crate::instance::Instance;
use crate::merge;
use crate::problem::Problem;
use crate::time::UnixMillis;

/// The time from a Spot interruption notice to the interruption (reference 13).
/// Hibernation starts with the notice.
const NOTICE: Duration = Duration::from_mins(2);

/// A timed event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    /// The id by which to fetch or cancel the event.
    pub(crate) id: String,
    /// The time from which it is visible.
    pub(crate) at: UnixMillis,
    /// The kind of the event and its details.
    pub(crate) what: What,
}

/// A kind of event and its details.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// A Spot interruption notice.
    SpotInterruption {
        /// `terminate`, `stop` or `hibernate`.
        action: &'static str,
        /// The time of the interruption, after the notice.
        time: UnixMillis,
    },
    /// A rebalance recommendation.
    RebalanceRecommendation,
    /// A maintenance event, with the field names of `DescribeInstanceStatus`.
    Maintenance(Value),
    /// A new target lifecycle state in the Auto Scaling group.
    LifecycleState(String),
    /// A merge patch of the description.
    Change(Value),
    /// A fault, active from then on.
    Fault(Fault),
}

/// The kinds of events by their names in documents.
const TYPES: [(&str, Type); 6] = [
    ("spot-interruption", Type::SpotInterruption),
    ("rebalance-recommendation", Type::RebalanceRecommendation),
    ("maintenance", Type::Maintenance),
    ("lifecycle-state", Type::LifecycleState),
    ("change", Type::Change),
    ("fault", Type::Fault),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    SpotInterruption,
    RebalanceRecommendation,
    Maintenance,
    LifecycleState,
    Change,
    Fault,
}

/// The actions of a Spot interruption.
const ACTIONS: [(&str, &str); 3] = [
    ("terminate", "terminate"),
    ("stop", "stop"),
    ("hibernate", "hibernate"),
];

/// The fields common to all events.
const COMMON: [&str; 4] = ["type", "id", "at", "in"];

/// An additional field of every event in responses. It is ignored in requests,
/// so that responses can be sent back.
const SHOWN: &str = "due";

impl Event {
    /// Parses an event. `in` counts from `base`; an event with neither `at` nor
    /// `in` is visible at once. `id` is the default id, based on [`given_id`].
    pub(crate) fn read(document: &Value, base: UnixMillis, id: &str) -> Result<Self, Problem> {
        let names = TYPES.map(|(name, _)| name).join(", ");
        let Value::Object(fields) = document else {
            let message = format!("an event is an object whose type is one of {names}");
            return Err(Problem::new("", message));
        };
        let kind = word(fields, "type", &TYPES)?
            .ok_or_else(|| Problem::new("type", format!("it is missing; write one of {names}")))?;
        strict(document, &[&COMMON[..], kind.fields(), &[SHOWN]].concat())?;
        let at = event_time(fields, base)?;
        let id = optional(fields, "id")?.unwrap_or_else(|| id.to_owned());
        ids::check(&id)?;
        Ok(Self {
            id,
            at,
            what: What::read(kind, fields, at)?,
        })
    }

    /// The JSON form, which [`read`](Self::read) parses.
    pub(crate) fn to_json(&self) -> Value {
        let mut document = self.what.to_json();
        document["id"] = self.id.as_str().into();
        document["at"] = self.at.iso_millis().into();
        document
    }

    /// Whether the event is a fault.
    pub(crate) fn is_fault(&self) -> bool {
        self.fault().is_some()
    }

    /// Whether the event is a change of the description.
    pub(crate) fn is_change(&self) -> bool {
        matches!(self.what, What::Change(_))
    }

    /// The fault, if the event is one.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        match &self.what {
            What::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    /// Sets the revision of a fault.
    pub(crate) fn at_revision(mut self, revision: u64) -> Self {
        if let What::Fault(fault) = &mut self.what {
            fault.revision = Some(revision);
        }
        self
    }

    /// Applies the event to the description.
    pub(crate) fn apply(&self, document: &mut Value) {
        match &self.what {
            What::SpotInterruption { action, time } => {
                let action = json!({ "Action": action, "Time": time.iso() });
                set_imdsim_field(document, "SpotInstanceAction", &action);
            }
            What::RebalanceRecommendation => {
                set_imdsim_field(document, "RebalanceNoticeTime", &self.at.iso().into());
            }
            What::Maintenance(event) => match document.pointer_mut("/Imdsim/MaintenanceEvents") {
                Some(Value::Array(events)) => events.push(event.clone()),
                _ => set_imdsim_field(document, "MaintenanceEvents", &json!([event])),
            },
            What::LifecycleState(state) => {
                set_imdsim_field(document, "TargetLifecycleState", &state.as_str().into());
            }
            What::Change(patch) => description::change(document, patch),
            What::Fault(_) => {}
        }
    }
}

/// Returns whether the document is a fault, its id and its preset.
pub(super) fn given_id(document: &Value) -> (bool, Option<&str>, Option<&str>) {
    let text = |key: &str| document.get(key).and_then(Value::as_str);
    (text("type") == Some("fault"), text("id"), text("preset"))
}

/// Sets a field of `Imdsim`.
fn set_imdsim_field(document: &mut Value, field: &str, value: &Value) {
    merge::apply(document, &json!({ "Imdsim": { field: value } }));
}

impl Type {
    /// The additional fields of this kind.
    const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::SpotInterruption => &["action", "time"],
            Self::RebalanceRecommendation => &[],
            Self::Maintenance => &["event"],
            Self::LifecycleState => &["state"],
            Self::Change => &["instance"],
            Self::Fault => fault::FIELDS,
        }
    }
}

impl What {
    fn read(kind: Type, fields: &Map<String, Value>, at: UnixMillis) -> Result<Self, Problem> {
        Ok(match kind {
            Type::SpotInterruption => {
                let action = word(fields, "action", &ACTIONS)?.unwrap_or("terminate");
                let notice = match action {
                    "hibernate" => Duration::ZERO,
                    _ => NOTICE,
                };
                Self::SpotInterruption {
                    action,
                    time: match optional(fields, "time")? {
                        Some(time) => time,
                        None => later("time", at, notice)?,
                    },
                }
            }
            Type::RebalanceRecommendation => Self::RebalanceRecommendation,
            Type::Maintenance => Self::Maintenance(maintenance(fields, at)?),
            Type::LifecycleState => Self::LifecycleState(
                optional(fields, "state")?.unwrap_or_else(|| "Terminated".to_owned()),
            ),
            Type::Change => Self::Change(object(fields, "instance")?),
            Type::Fault => Self::Fault(Fault::read(fields, at)?),
        })
    }

    fn to_json(&self) -> Value {
        match self {
            Self::SpotInterruption { action, time } => json!({
                "type": "spot-interruption",
                "action": action,
                "time": time.iso_millis(),
            }),
            Self::RebalanceRecommendation => json!({ "type": "rebalance-recommendation" }),
            Self::Maintenance(event) => json!({ "type": "maintenance", "event": event }),
            Self::LifecycleState(state) => json!({ "type": "lifecycle-state", "state": state }),
            Self::Change(patch) => json!({ "type": "change", "instance": patch }),
            Self::Fault(fault) => fault.to_json(),
        }
    }
}

/// The time of an event.
fn event_time(fields: &Map<String, Value>, base: UnixMillis) -> Result<UnixMillis, Problem> {
    match (optional(fields, "at")?, optional(fields, "in")?) {
        (Some(_), Some(_)) => Err(Problem::new(
            "at",
            "cannot be combined with `in`; remove one of them",
        )),
        (Some(at), None) => Ok(at),
        (None, Some(delay)) => later("in", base, delay),
        (None, None) => Ok(base),
    }
}

/// Parses a maintenance event, whose fields are validated as if described. It
/// starts when it becomes visible by default.
fn maintenance(fields: &Map<String, Value>, at: UnixMillis) -> Result<Value, Problem> {
    let mut event = match fields.get("event") {
        None => json!({}),
        Some(_) => object(fields, "event")?,
    };
    for (key, text) in [("Code", "system-reboot".into()), ("NotBefore", at.iso())] {
        if event[key].is_null() {
            event[key] = text.into();
        }
    }
    Instance::read(&json!({ "Imdsim": { "MaintenanceEvents": [event] } }))?;
    Ok(event)
}

fn object(fields: &Map<String, Value>, key: &str) -> Result<Value, Problem> {
    match fields.get(key) {
        Some(object @ Value::Object(_)) => Ok(object.clone()),
        _ => Err(Problem::new(key, "it is not an object; use an object")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: UnixMillis = UnixMillis::from_seconds(1_793_491_200);

    #[track_caller]
    fn check(document: &Value, expected: &Value) {
        let event = Event::read(document, BASE, "1").unwrap();
        assert_eq!(&event.to_json(), expected);
        assert_eq!(Event::read(expected, UnixMillis(0), "2").unwrap(), event);
    }

    #[test]
    fn spot_notices_precede_all_actions_but_hibernation_by_two_minutes() {
        check(
            &json!({ "type": "spot-interruption", "in": "30s" }),
            &json!({ "id": "1", "type": "spot-interruption", "at": "2026-11-01T00:00:30Z",
                     "action": "terminate", "time": "2026-11-01T00:02:30Z" }),
        );
        check(
            &json!({ "type": "spot-interruption", "action": "hibernate" }),
            &json!({ "id": "1", "type": "spot-interruption", "at": "2026-11-01T00:00:00Z",
                     "action": "hibernate", "time": "2026-11-01T00:00:00Z" }),
        );
    }

    #[test]
    fn invalid_events_are_rejected_with_the_field() {
        let said = |document: &Value| Event::read(document, BASE, "1").unwrap_err().to_string();
        assert!(said(&json!({})).starts_with("type: it is missing; write one of spot-"));
        assert_eq!(
            said(&json!({ "type": "change", "patch": {} })),
            "patch: unknown field; expected one of type, id, at, in, instance, due"
        );
        assert_eq!(
            said(&json!({ "type": "lifecycle-state", "in": "soon" })),
            "in: \"soon\" is not a duration; write it like 30s, 2m or 6h1s"
        );
        let odd = json!({ "type": "maintenance", "event": { "Code": "tea" } });
        assert!(said(&odd).starts_with("Imdsim.MaintenanceEvents[0].Code: "));
    }
}

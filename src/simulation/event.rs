//! Events: each changes the description of the instance from a moment on.

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

/// How long before a Spot interruption its notice is given (reference 13).
/// Hibernation begins with it.
const NOTICE: Duration = Duration::from_mins(2);

/// Something that happens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    /// What it is called, to look at it or to cancel it.
    pub(crate) id: String,
    /// When it shows.
    pub(crate) at: UnixMillis,
    /// What it is.
    pub(crate) what: What,
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// Spot capacity is taken back.
    SpotInterruption {
        /// `terminate`, `stop` or `hibernate`.
        action: &'static str,
        /// When it is, which is after the notice.
        time: UnixMillis,
    },
    /// EC2 recommends to move away.
    RebalanceRecommendation,
    /// A maintenance event, by its names in `DescribeInstanceStatus`.
    Maintenance(Value),
    /// The Auto Scaling group moves the instance to another state.
    LifecycleState(String),
    /// The description changes, by a merge patch.
    Change(Value),
    /// Something goes wrong from then on.
    Fault(Fault),
}

/// Its names in documents.
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

/// The fields of every event.
const COMMON: [&str; 4] = ["type", "id", "at", "in"];

/// The field that is shown of every event beside them. It is ignored, so that
/// what is shown can be put back.
const SHOWN: &str = "due";

impl Event {
    /// Reads an event. `base` is when `in` counts from; one with neither `at`
    /// nor `in` shows at once. `id` is what it is called if it does not say,
    /// which [`given_id`] tells.
    pub(crate) fn read(document: &Value, base: UnixMillis, id: &str) -> Result<Self, Problem> {
        let names = TYPES.map(|(name, _)| name).join(", ");
        let Value::Object(fields) = document else {
            let message = format!("an event is an object whose type is one of {names}");
            return Err(Problem::new("", message));
        };
        let kind = word(fields, "type", &TYPES)?
            .ok_or_else(|| Problem::new("type", format!("it is missing; write one of {names}")))?;
        strict(document, &[&COMMON[..], kind.fields(), &[SHOWN]].concat())?;
        let at = moment(fields, base)?;
        let id = optional(fields, "id")?.unwrap_or_else(|| id.to_owned());
        ids::check(&id)?;
        Ok(Self {
            id,
            at,
            what: What::read(kind, fields, at)?,
        })
    }

    /// The document that says the same.
    pub(crate) fn to_json(&self) -> Value {
        let mut document = self.what.to_json();
        document["id"] = self.id.as_str().into();
        document["at"] = self.at.iso_millis().into();
        document
    }

    /// Whether it is a fault.
    pub(crate) fn is_fault(&self) -> bool {
        self.fault().is_some()
    }

    /// Whether it is a change of the description and nothing else.
    pub(crate) fn is_change(&self) -> bool {
        matches!(self.what, What::Change(_))
    }

    /// The fault, if it is one.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        match &self.what {
            What::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    /// The same as of a revision of the state.
    pub(crate) fn at_revision(mut self, revision: u64) -> Self {
        if let What::Fault(fault) = &mut self.what {
            fault.revision = Some(revision);
        }
        self
    }

    /// Makes the description what it is once the event has come.
    pub(crate) fn apply(&self, document: &mut Value) {
        match &self.what {
            What::SpotInterruption { action, time } => {
                let action = json!({ "Action": action, "Time": time.iso() });
                tell(document, "SpotInstanceAction", &action);
            }
            What::RebalanceRecommendation => {
                tell(document, "RebalanceNoticeTime", &self.at.iso().into());
            }
            What::Maintenance(event) => match document.pointer_mut("/Imdsim/MaintenanceEvents") {
                Some(Value::Array(events)) => events.push(event.clone()),
                _ => tell(document, "MaintenanceEvents", &json!([event])),
            },
            What::LifecycleState(state) => {
                tell(document, "TargetLifecycleState", &state.as_str().into());
            }
            What::Change(patch) => description::change(document, patch),
            What::Fault(_) => {}
        }
    }
}

/// Whether a document is of a fault, its id if it says one, and its preset.
pub(super) fn given_id(document: &Value) -> (bool, Option<&str>, Option<&str>) {
    let text = |key: &str| document.get(key).and_then(Value::as_str);
    (text("type") == Some("fault"), text("id"), text("preset"))
}

/// Sets a field of `Imdsim`, whatever the document is.
fn tell(document: &mut Value, field: &str, value: &Value) {
    merge::apply(document, &json!({ "Imdsim": { field: value } }));
}

impl Type {
    /// The fields of its own.
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

/// When an event shows.
fn moment(fields: &Map<String, Value>, base: UnixMillis) -> Result<UnixMillis, Problem> {
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

/// A maintenance event; what it says of itself is checked as a described one
/// is. It begins when it shows unless it says otherwise.
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
    fn a_spot_notice_comes_two_minutes_before_and_that_of_hibernation_with_it() {
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
    fn what_is_no_event_is_refused_by_its_field() {
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

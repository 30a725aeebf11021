//! What is about to happen to the instance, or has happened (reference 9.4
//! and 9.5).

use super::derive;
use crate::description::{ImdsimFields, LifecycleState, MaintenanceEvent};
use crate::problem::Problem;
use crate::time::UnixMillis;

/// All notices in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// The Spot interruption notice.
    pub spot: Option<Interruption>,
    /// When a rebalance recommendation was given.
    pub rebalance: Option<UnixMillis>,
    /// The state that the Auto Scaling group moves the instance to.
    pub target_lifecycle_state: Option<String>,
    /// Maintenance events, past ones too.
    pub maintenance: Vec<Maintenance>,
}

/// A Spot interruption notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interruption {
    /// `terminate`, `stop` or `hibernate`.
    pub action: String,
    /// Time of the event.
    pub time: UnixMillis,
}

/// A maintenance event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maintenance {
    /// `instance-event-…`
    pub id: String,
    /// For instance `system-reboot`.
    pub code: String,
    /// In words, without the mark of its state.
    pub description: String,
    /// When it begins at the earliest.
    pub not_before: UnixMillis,
    /// When it ends at the latest.
    pub not_after: Option<UnixMillis>,
    /// Until when it must begin.
    pub not_before_deadline: Option<UnixMillis>,
    /// Whether it is still to come.
    pub state: MaintenanceState,
}

/// What became of a maintenance event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaintenanceState {
    /// Listed as `scheduled`.
    Active,
    /// Listed as `history`.
    Completed,
    /// Listed as `history`.
    Canceled,
}

impl MaintenanceState {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Active, Self::Completed, Self::Canceled];

    /// Its name in the document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Canceled => "canceled",
        }
    }
}

/// The actions of a Spot interruption.
const ACTIONS: [&str; 3] = ["terminate", "stop", "hibernate"];

/// The codes of maintenance events, and what they are called in words.
const CODES: [(&str, &str); 5] = [
    ("instance-reboot", "scheduled reboot"),
    ("instance-retirement", "scheduled retirement"),
    ("instance-stop", "scheduled stop"),
    ("system-reboot", "scheduled reboot"),
    ("system-maintenance", "scheduled maintenance"),
];

impl Events {
    /// Works out the described ones; what has no time happens at the launch.
    pub(super) fn new(
        given: &ImdsimFields,
        instance_id: &str,
        launch: UnixMillis,
    ) -> Result<Self, Problem> {
        let spot = given.spot_instance_action.as_ref();
        let spot = spot.map(|notice| {
            Ok(Interruption {
                action: one_of(&notice.action, &ACTIONS)
                    .map_err(|problem| problem.inside("Imdsim.SpotInstanceAction.Action"))?,
                time: notice.time.unwrap_or(launch),
            })
        });
        let maintenance = given.maintenance_events.iter().enumerate();
        let maintenance = maintenance.map(|(index, event)| {
            Maintenance::new(event, instance_id, index, launch)
                .map_err(|problem| problem.inside(&format!("Imdsim.MaintenanceEvents[{index}]")))
        });
        Ok(Self {
            spot: spot.transpose()?,
            rebalance: given.rebalance_notice_time,
            target_lifecycle_state: match &given.target_lifecycle_state {
                LifecycleState::State(state) => Some(state.clone()),
                LifecycleState::Unsaid | LifecycleState::Absent => None,
            },
            maintenance: maintenance.collect::<Result<_, _>>()?,
        })
    }
}

impl Events {
    /// Whether there is anything to show.
    pub(crate) fn any(&self) -> bool {
        self.spot.is_some()
            || self.rebalance.is_some()
            || self.target_lifecycle_state.is_some()
            || !self.maintenance.is_empty()
    }

    /// When Spot capacity is taken back for good (reference 8.1).
    pub(crate) fn termination_time(&self) -> Option<UnixMillis> {
        let notice = self.spot.as_ref()?;
        (notice.action == "terminate").then_some(notice.time)
    }
}

impl Maintenance {
    fn new(
        given: &MaintenanceEvent,
        instance_id: &str,
        index: usize,
        launch: UnixMillis,
    ) -> Result<Self, Problem> {
        let codes = CODES.map(|(code, _)| code);
        let code = one_of(&given.code, &codes).map_err(|problem| problem.inside("Code"))?;
        let state = given.state.as_deref().unwrap_or("active");
        let names = MaintenanceState::ALL.map(MaintenanceState::name);
        let state = one_of(state, &names).map_err(|problem| problem.inside("State"))?;
        let words = CODES.iter().find(|(known, _)| *known == code);
        Ok(Self {
            id: given.instance_event_id.clone().unwrap_or_else(|| {
                derive::id("instance-event", &[instance_id, &index.to_string()])
            }),
            description: given
                .description
                .clone()
                .unwrap_or_else(|| words.map_or("", |(_, words)| words).to_owned()),
            code,
            not_before: given.not_before.unwrap_or(launch),
            not_after: given.not_after,
            not_before_deadline: given.not_before_deadline,
            state: MaintenanceState::ALL
                .into_iter()
                .find(|known| known.name() == state)
                .unwrap_or(MaintenanceState::Active),
        })
    }
}

fn one_of(text: &str, words: &[&str]) -> Result<String, Problem> {
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    let message = format!(
        "{text:?} is none of {}; write one of them",
        words.join(", ")
    );
    Err(Problem::new("", message))
}

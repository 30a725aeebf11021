//! Notices and scheduled events of the instance (reference 9.4 and 9.5).

use super::derive;
use crate::description::{ImdsimFields, LifecycleState, MaintenanceEvent};
use crate::problem::Problem;
use crate::time::UnixMillis;

/// All active notices and events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// The Spot interruption notice.
    pub spot: Option<Interruption>,
    /// The time of the rebalance recommendation.
    pub rebalance: Option<UnixMillis>,
    /// The target lifecycle state in the Auto Scaling group.
    pub target_lifecycle_state: Option<String>,
    /// Maintenance events, including completed and canceled ones.
    pub maintenance: Vec<Maintenance>,
}

/// A Spot interruption notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interruption {
    /// `terminate`, `stop` or `hibernate`.
    pub action: String,
    /// The time of the interruption.
    pub time: UnixMillis,
}

/// A maintenance event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maintenance {
    /// `instance-event-…`
    pub id: String,
    /// For example `system-reboot`.
    pub code: String,
    /// A description without the `[Completed]` or `[Canceled]` prefix.
    pub description: String,
    /// The earliest start.
    pub not_before: UnixMillis,
    /// The latest end.
    pub not_after: Option<UnixMillis>,
    /// The deadline for starting.
    pub not_before_deadline: Option<UnixMillis>,
    /// The state.
    pub state: MaintenanceState,
}

/// The state of a maintenance event.
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
    /// All states.
    pub const ALL: [Self; 3] = [Self::Active, Self::Completed, Self::Canceled];

    /// The state's name in the document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Canceled => "canceled",
        }
    }
}

/// The valid actions of a Spot interruption notice.
const ACTIONS: [&str; 3] = ["terminate", "stop", "hibernate"];

/// The valid codes of maintenance events and their default descriptions.
const CODES: [(&str, &str); 5] = [
    ("instance-reboot", "scheduled reboot"),
    ("instance-retirement", "scheduled retirement"),
    ("instance-stop", "scheduled stop"),
    ("system-reboot", "scheduled reboot"),
    ("system-maintenance", "scheduled maintenance"),
];

impl Events {
    /// Resolves the described events; missing times default to the launch time.
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
    /// Whether any notice or event exists.
    pub(crate) fn any(&self) -> bool {
        self.spot.is_some()
            || self.rebalance.is_some()
            || self.target_lifecycle_state.is_some()
            || !self.maintenance.is_empty()
    }

    /// The time at which a Spot instance is terminated (reference 8.1).
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

//! Converts the AWS mock's events to events of imdsim's timeline.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::flags::Scenario;
use super::keys;
use super::layers::Layers;
use crate::error::Failure;

/// The mock's default duration of a maintenance event.
const MAINTENANCE: SignedDuration = SignedDuration::from_hours(7 * 24);

const ACTIONS: [&str; 3] = ["terminate", "stop", "hibernate"];
const CODES: [&str; 5] = [
    "instance-reboot",
    "instance-retirement",
    "instance-stop",
    "system-reboot",
    "system-maintenance",
];
const STATES: [&str; 3] = ["active", "completed", "canceled"];

/// Returns the events of a scenario, for a new or a running emulator. `start`
/// is the time on its clock.
pub(super) fn events(
    layers: &mut Layers,
    scenario: &Scenario,
    start: Timestamp,
) -> Result<Vec<Value>, Failure> {
    let everything = matches!(scenario, Scenario::AsConfigured)
        && layers.all().any(|(key, _)| keys::schedules_events(key));
    warn_of_idle_flags(layers, scenario);
    let mut events = Vec::new();
    if everything || matches!(scenario, Scenario::Spot(_)) {
        spot(layers, &mut events)?;
    }
    if everything || matches!(scenario, Scenario::Events(_)) {
        events.push(maintenance(layers, start)?);
    }
    if everything || matches!(scenario, Scenario::Asglifecycle(_)) {
        lifecycle(layers, &mut events)?;
    }
    Ok(events)
}

/// Warns of delay flags that have no effect on the command's events.
fn warn_of_idle_flags(layers: &mut Layers, scenario: &Scenario) {
    let shown: &[&str] = match scenario {
        Scenario::Nothing | Scenario::AsConfigured => return,
        Scenario::Spot(_) => &["mock-", "rebalance-"],
        Scenario::Events(_) => &["mock-"],
        Scenario::Asglifecycle(_) => &["asg-"],
    };
    let is_idle = |key: &str| {
        (key.ends_with("-delay-sec") || key.ends_with("-trigger-time"))
            && !shown.iter().any(|prefix| key.starts_with(prefix))
    };
    let idle: Vec<_> = layers
        .all()
        .filter(|(key, given)| given.is_flag && is_idle(key))
        .map(|(_, given)| given.place.clone())
        .collect();
    for place in idle {
        layers.warn(format_args!(
            "{place}: this command shows nothing that waits for it; ignored"
        ));
    }
}

fn spot(layers: &mut Layers, events: &mut Vec<Value>) -> Result<(), Failure> {
    let rebalance = moment(layers, "rebalance-delay-sec", "rebalance-trigger-time")?;
    let notice_time = layers.time("spot.rebalance-rec-time")?;
    // The mock always adds a rebalance recommendation.
    let what = match notice_time {
        None => json!({ "type": "rebalance-recommendation" }),
        Some(time) => json!({
            "type": "change",
            "instance": { "Imdsim": { "RebalanceNoticeTime": time.to_string() } },
        }),
    };
    events.push(with(what, rebalance.as_ref()));
    let mut interruption = json!({ "type": "spot-interruption" });
    if let Some(action) = layers.word("spot.action", &ACTIONS)? {
        interruption["action"] = action.into();
    }
    if let Some(time) = layers.time("spot.time")? {
        interruption["time"] = time.to_string().into();
    }
    events.push(with(interruption, main_moment(layers)?.as_ref()));
    Ok(())
}

fn maintenance(layers: &mut Layers, start: Timestamp) -> Result<Value, Failure> {
    let moment = main_moment(layers)?;
    let mut event = Map::new();
    let code = layers.word("events.code", &CODES)?;
    let state = layers.word("events.state", &STATES)?;
    let id = layers.text("metadata.values.event-id");
    for (name, text) in [("Code", code), ("State", state), ("InstanceEventId", id)] {
        event.extend(text.map(|text| (name.to_owned(), text.into())));
    }
    for (name, key) in [
        ("NotBefore", "events.not-before"),
        ("NotAfter", "events.not-after"),
        ("NotBeforeDeadline", "events.not-before-deadline"),
    ] {
        let time = layers.time(key)?;
        event.extend(time.map(|time| (name.to_owned(), time.to_string().into())));
    }
    let shows = match &moment {
        None => Some(start),
        Some(Moment::At(time)) => Some(*time),
        Some(Moment::Delay(seconds)) => start.checked_add(SignedDuration::from_secs(*seconds)).ok(),
        // The emulator rejects invalid durations.
        Some(Moment::In(delay)) => humantime::parse_duration(delay)
            .ok()
            .and_then(|delay| start.checked_add(delay).ok()),
    };
    if let Some(end) = shows.and_then(|shows| shows.checked_add(MAINTENANCE).ok())
        && !event.contains_key("NotAfter")
    {
        event.insert("NotAfter".to_owned(), end.to_string().into());
    }
    let what = json!({ "type": "maintenance", "event": event });
    Ok(with(what, moment.as_ref()))
}

fn lifecycle(layers: &mut Layers, events: &mut Vec<Value>) -> Result<(), Failure> {
    let own = moment(
        layers,
        "asg-termination-delay-sec",
        "asg-termination-trigger-time",
    )?;
    let moment = match imdsims_own(layers)? {
        Some(moment) => Some(moment),
        None => own,
    };
    if moment.is_some() {
        events.push(json!({ "type": "lifecycle-state", "state": "InService" }));
    }
    let what = json!({ "type": "lifecycle-state", "state": "Terminated" });
    events.push(with(what, moment.as_ref()));
    Ok(())
}

/// The time of an event.
#[derive(Clone, Debug, PartialEq)]
enum Moment {
    /// Seconds after the start.
    Delay(i64),
    /// A duration such as `30s`, which the emulator parses.
    In(String),
    /// An absolute time.
    At(Timestamp),
}

/// The time of the Spot interruption or the maintenance event.
fn main_moment(layers: &mut Layers) -> Result<Option<Moment>, Failure> {
    match imdsims_own(layers)? {
        Some(moment) => Ok(Some(moment)),
        None => moment(layers, "mock-delay-sec", "mock-trigger-time"),
    }
}

/// The time from `--in` or `--at`, which override the mock's keys.
fn imdsims_own(layers: &Layers) -> Result<Option<Moment>, Failure> {
    match (layers.time("at")?, layers.text("in")) {
        (Some(_), Some(_)) => Err(Failure::new(
            "--at",
            "cannot be combined with --in",
            "use one of them",
        )),
        (Some(time), None) => Ok(Some(Moment::At(time))),
        (None, Some(delay)) if delay.starts_with('-') => Err(Failure::new(
            "--in",
            format_args!("{delay:?} is not ahead"),
            "write a time from now, as in 30s or 2m",
        )),
        (None, delay) => Ok(delay.map(Moment::In)),
    }
}

/// The time from two keys. The absolute time takes precedence over the delay.
fn moment(layers: &mut Layers, delay: &str, time: &str) -> Result<Option<Moment>, Failure> {
    let seconds = layers.number(delay)?.filter(|seconds| *seconds > 0);
    let Some(at) = layers.time(time)? else {
        return Ok(seconds.map(Moment::Delay));
    };
    let places = [delay, time].map(|key| layers.get(key).map(|given| given.place.clone()));
    if let ([Some(delay), Some(time)], Some(_)) = (places, seconds) {
        layers.warn(format_args!("{delay}: {time} wins over it; ignored"));
    }
    Ok(Some(Moment::At(at)))
}

/// Adds the time to an event. Without one the event is immediate.
fn with(mut event: Value, moment: Option<&Moment>) -> Value {
    match moment {
        None => {}
        Some(Moment::Delay(seconds)) => event["in"] = format!("{seconds}s").into(),
        Some(Moment::In(delay)) => event["in"] = delay.as_str().into(),
        Some(Moment::At(time)) => event["at"] = time.to_string().into(),
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aemm::flags::{Events, Moment as When, Spot};

    /// Checks the events of a file for a start at midnight on January 1.
    #[track_caller]
    fn check(scenario: &Scenario, file: &str, expected: &Value) {
        let mut layers = Layers::default();
        layers.add_file("aemm.json", file).unwrap();
        let start = "2026-01-01T00:00:00Z".parse().unwrap();
        let events = events(&mut layers, scenario, start).unwrap();
        assert_eq!(&Value::from(events), expected);
    }

    fn spot() -> Scenario {
        Scenario::Spot(Spot::default())
    }

    #[test]
    fn an_interruption_includes_a_rebalance_recommendation() {
        check(
            &spot(),
            r#"{"mock-delay-sec": 90, "spot": {"action": "stop", "time": "2026-01-02T03:04:05+02:00"},
                "rebalance-trigger-time": "2026-01-01T00:00:30Z"}"#,
            &json!([
                { "type": "rebalance-recommendation", "at": "2026-01-01T00:00:30Z" },
                { "type": "spot-interruption", "action": "stop",
                  "time": "2026-01-02T01:04:05Z", "in": "90s" },
            ]),
        );
    }

    #[test]
    fn the_notice_time_of_a_recommendation_is_configurable() {
        check(
            &spot(),
            r#"{"spot": {"rebalance-rec-time": "2026-01-01T01:00:00+01:00"}}"#,
            &json!([
                { "type": "change",
                  "instance": { "Imdsim": { "RebalanceNoticeTime": "2026-01-01T00:00:00Z" } } },
                { "type": "spot-interruption" },
            ]),
        );
    }

    #[test]
    fn maintenance_lasts_a_week_by_default() {
        let scenario = Scenario::Events(Events::default());
        check(
            &scenario,
            r#"{"mock-delay-sec": "60", "metadata": {"values": {"event-id": "instance-event-1"}}}"#,
            &json!([{ "type": "maintenance", "in": "60s", "event": {
                "InstanceEventId": "instance-event-1", "NotAfter": "2026-01-08T00:01:00Z" } }]),
        );
        check(
            &scenario,
            r#"{"events": {"code": "instance-stop", "state": "canceled",
                "not-before": "2026-03-01T10:00:00-05:00", "not-after": "2026-03-02T00:00:00Z",
                "not-before-deadline": "2026-03-03T00:00:00Z"}}"#,
            &json!([{ "type": "maintenance", "event": {
                "Code": "instance-stop", "State": "canceled",
                "NotBefore": "2026-03-01T15:00:00Z", "NotAfter": "2026-03-02T00:00:00Z",
                "NotBeforeDeadline": "2026-03-03T00:00:00Z" } }]),
        );
    }

    #[test]
    fn lifecycle_state_is_in_service_until_termination() {
        let scenario = Scenario::Asglifecycle(When::default());
        let end = json!({ "type": "lifecycle-state", "state": "Terminated" });
        check(&scenario, "{}", &json!([end]));
        check(
            &scenario,
            r#"{"asg-termination-delay-sec": 30, "asg-termination-trigger-time": 0}"#,
            &json!([
                { "type": "lifecycle-state", "state": "InService" },
                { "type": "lifecycle-state", "state": "Terminated", "in": "30s" },
            ]),
        );
    }

    #[test]
    fn without_a_command_any_event_key_schedules_all_events() {
        check(&Scenario::AsConfigured, r#"{"imdsv2": true}"#, &json!([]));
        check(&Scenario::Nothing, r#"{"mock-delay-sec": 5}"#, &json!([]));
        let mut layers = Layers::default();
        layers
            .add_file("aemm.json", r#"{"mock-delay-sec": 5}"#)
            .unwrap();
        let all = events(&mut layers, &Scenario::AsConfigured, Timestamp::UNIX_EPOCH).unwrap();
        let types: Vec<_> = all
            .iter()
            .filter_map(|event| event["type"].as_str())
            .collect();
        assert_eq!(
            types,
            [
                "rebalance-recommendation",
                "spot-interruption",
                "maintenance",
                "lifecycle-state"
            ]
        );
    }

    #[test]
    fn an_absolute_time_overrides_a_delay_with_a_warning() {
        let mut layers = Layers::default();
        let file = r#"{"mock-delay-sec": 5, "mock-trigger-time": "2026-01-01T00:00:00Z"}"#;
        layers.add_file("aemm.json", file).unwrap();
        let told = events(&mut layers, &spot(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(
            told,
            [
                json!({ "type": "rebalance-recommendation" }),
                json!({ "type": "spot-interruption", "at": "2026-01-01T00:00:00Z" }),
            ]
        );
        assert_eq!(
            layers.warnings,
            ["aemm.json: mock-delay-sec: aemm.json: mock-trigger-time wins over it; ignored"]
        );
    }
}

//! Spot, rebalance and maintenance documents, each in its own layout
//! (reference 9.4 and 9.5).

use serde_json::Value;

use crate::instance::{Interruption, Maintenance, MaintenanceState};
use crate::time::UnixMillis;

/// `spot/instance-action`.
pub(crate) fn spot_instance_action(notice: &Interruption) -> String {
    let time = notice.time.iso();
    format!(r#"{{"action": "{}", "time": "{time}"}}"#, notice.action)
}

/// `events/recommendations/rebalance`.
pub(crate) fn rebalance(notice_time: UnixMillis) -> String {
    format!(r#"{{"noticeTime": "{}"}}"#, notice_time.iso())
}

/// `events/maintenance/scheduled`, or `history` if `past`.
pub(crate) fn maintenance(events: &[Maintenance], past: bool) -> String {
    let events: Vec<_> = events
        .iter()
        .filter(|event| (event.state != MaintenanceState::Active) == past)
        .map(maintenance_event)
        .collect();
    if events.is_empty() {
        return "[]".to_owned();
    }
    // AWS writes a space before each line break.
    format!("[ \n{} \n]", events.join(", \n"))
}

fn maintenance_event(event: &Maintenance) -> String {
    let mark = match event.state {
        MaintenanceState::Active => "",
        MaintenanceState::Completed => "[Completed] ",
        MaintenanceState::Canceled => "[Canceled] ",
    };
    let mut fields = vec![
        ("NotBefore", event.not_before.day_month_year()),
        ("Code", event.code.clone()),
        ("Description", format!("{mark}{}", event.description)),
        ("EventId", event.id.clone()),
    ];
    for (name, time) in [
        ("NotAfter", event.not_after),
        ("NotBeforeDeadline", event.not_before_deadline),
    ] {
        fields.extend(time.map(|time| (name, time.day_month_year())));
    }
    fields.push(("State", event.state.name().to_owned()));
    let lines: Vec<_> = fields
        .into_iter()
        .map(|(name, text)| format!("    \"{name}\" : {}", Value::from(text)))
        .collect();
    format!("  {{\n{}\n  }}", lines.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(state: MaintenanceState) -> Maintenance {
        Maintenance {
            id: "instance-event-0d59937288b749b32".into(),
            code: "system-reboot".into(),
            description: "scheduled reboot".into(),
            not_before: UnixMillis::from_seconds(1_548_061_243),
            not_after: Some(UnixMillis::from_seconds(1_548_062_243)),
            not_before_deadline: None,
            state,
        }
    }

    #[test]
    fn scheduled_events_have_the_documented_layout() {
        assert_eq!(
            maintenance(&[event(MaintenanceState::Active)], false),
            "[ \n  {\n    \"NotBefore\" : \"21 Jan 2019 09:00:43 GMT\",\n    \
             \"Code\" : \"system-reboot\",\n    \"Description\" : \"scheduled reboot\",\n    \
             \"EventId\" : \"instance-event-0d59937288b749b32\",\n    \
             \"NotAfter\" : \"21 Jan 2019 09:17:23 GMT\",\n    \"State\" : \"active\"\n  } \n]"
        );
    }

    #[test]
    fn deadlines_are_shown_if_present() {
        let event = Maintenance {
            not_before_deadline: Some(UnixMillis::from_seconds(1_548_063_243)),
            ..event(MaintenanceState::Active)
        };
        let text = maintenance(&[event], false);
        assert!(text.contains("\n    \"NotBeforeDeadline\" : \"21 Jan 2019 09:34:03 GMT\",\n"));
    }

    #[test]
    fn past_events_are_marked_and_only_in_history() {
        let events = [MaintenanceState::Completed, MaintenanceState::Canceled].map(event);
        let history = maintenance(&events, true);
        assert!(history.contains("\"[Completed] scheduled reboot\""));
        assert!(history.contains("\"[Canceled] scheduled reboot\""));
        assert_eq!(maintenance(&events, false), "[]");
    }

    #[test]
    fn notices_have_the_documented_layout() {
        let notice = Interruption {
            action: "stop".into(),
            time: UnixMillis::from_seconds(1_505_722_920),
        };
        assert_eq!(
            spot_instance_action(&notice),
            r#"{"action": "stop", "time": "2017-09-18T08:22:00Z"}"#
        );
        assert_eq!(
            rebalance(UnixMillis::from_seconds(1_603_786_920)),
            r#"{"noticeTime": "2020-10-27T08:22:00Z"}"#
        );
    }
}

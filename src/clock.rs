//! The emulated clock: the host's clock, shifted or frozen.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::description::{Read as _, kind};
use crate::problem::Problem;
use crate::time::{OUT_OF_RANGE, UnixMillis};

/// The adjustment of the emulated clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The clock shows the host's time.
    #[default]
    Running,
    /// The clock is this many milliseconds ahead of the host's.
    Shifted(i64),
    /// The clock is frozen at this time.
    Frozen(UnixMillis),
}

/// A change to the clock.
enum Change {
    /// Show the host's time.
    Release,
    /// Shift the emulated time by this many milliseconds, whether the clock runs
    /// or is frozen.
    Shift(i64),
    /// Run this many milliseconds ahead of the host's clock.
    Offset(i64),
    /// Freeze the clock at this time.
    Freeze(UnixMillis),
}

impl Clock {
    /// Returns the emulated time when the host's clock shows `now`, clamped to the
    /// times that can be formatted.
    pub fn at(self, now: UnixMillis) -> UnixMillis {
        match self {
            Self::Running => now,
            Self::Shifted(by) => UnixMillis(now.0.saturating_add(by)),
            Self::Frozen(time) => time,
        }
        .clamped()
    }

    /// Parses the stored form, in which a shift is relative to the host's clock.
    pub(crate) fn read(document: &Value) -> Result<Self, Problem> {
        let (_, change) = Change::read(document)?;
        Ok(match change {
            Change::Release => Self::Running,
            Change::Shift(by) | Change::Offset(by) => Self::Shifted(by),
            Change::Freeze(time) => Self::Frozen(time),
        })
    }

    /// Returns the clock after a change, when the host's clock shows `host`.
    pub(crate) fn changed(self, document: &Value, host: UnixMillis) -> Result<Self, Problem> {
        let (key, change) = Change::read(document)?;
        let changed = match (change, self) {
            (Change::Release, _) => Self::Running,
            (Change::Shift(by), Self::Frozen(time)) => {
                Self::Frozen(UnixMillis(time.0.saturating_add(by)))
            }
            (Change::Shift(by), Self::Shifted(before)) => Self::Shifted(before.saturating_add(by)),
            (Change::Shift(by), Self::Running) | (Change::Offset(by), _) => Self::Shifted(by),
            (Change::Freeze(time), _) => Self::Frozen(time),
        };
        changed.check(key, host)?;
        Ok(changed)
    }

    /// Rejects a clock whose time cannot be formatted while the host's clock shows
    /// `host`; `place` is the source of the change.
    pub(crate) fn check(self, place: &str, host: UnixMillis) -> Result<(), Problem> {
        let time = match self {
            Self::Running => Some(host),
            Self::Shifted(by) => host.shifted(by),
            Self::Frozen(time) => time.shifted(0),
        };
        let message = || Problem::new(place, format!("the time that follows {OUT_OF_RANGE}"));
        time.map(drop).ok_or_else(message)
    }

    /// The stored form.
    pub(crate) fn to_json(self) -> Value {
        match self {
            Self::Running => json!({}),
            Self::Shifted(by) => json!({ "offset": write_shift(by) }),
            Self::Frozen(time) => json!({ "freeze": time.iso_millis() }),
        }
    }

    /// The form in the control API at an emulated time. Sending it back changes
    /// nothing.
    pub(crate) fn show(self, now: UnixMillis) -> Value {
        let mut shown = match self {
            Self::Running => Self::Shifted(0).to_json(),
            changed => changed.to_json(),
        };
        shown["now"] = now.iso_millis().into();
        shown
    }
}

impl Change {
    /// Parses `{"shift": "+6h1s"}`, `{"offset": "+6h1s"}`,
    /// `{"freeze": "2026-01-01T00:00:00Z"}` or `{}`, and returns the name of the
    /// field as well. `now`, which GET returns, is ignored.
    fn read(document: &Value) -> Result<(&str, Self), Problem> {
        let Value::Object(fields) = document else {
            let message = format!("this is {}; {REMEDY}", kind(document));
            return Err(Problem::new("", message));
        };
        let mut changes = fields.iter().filter(|(key, _)| *key != "now");
        let (key, value) = match (changes.next(), changes.next()) {
            (Some(change), None) => change,
            (None, _) if fields.is_empty() => return Ok(("", Self::Release)),
            (None, _) => {
                let message = format!("it cannot be set; {REMEDY}");
                return Err(Problem::new("now", message));
            }
            (Some(_), Some(_)) => {
                return Err(Problem::new("", format!("one thing at a time; {REMEDY}")));
            }
        };
        let change = match &**key {
            "shift" => read_shift(fields, key).map(Self::Shift),
            "offset" => read_shift(fields, key).map(Self::Offset),
            "freeze" => UnixMillis::read(value)
                .map(Self::Freeze)
                .map_err(|problem| problem.inside(key)),
            _ => Err(Problem::new(key, format!("unknown field; {REMEDY}"))),
        };
        Ok((key, change?))
    }
}

const REMEDY: &str = "write {\"shift\": \"+6h1s\"}, {\"offset\": \"+6h1s\"} or \
                      {\"freeze\": \"2026-01-01T00:00:00Z\"}";

/// Parses a signed duration into milliseconds.
fn read_shift(fields: &Map<String, Value>, key: &str) -> Result<i64, Problem> {
    let value = fields.get(key).unwrap_or(&Value::Null);
    let shift = value.as_str().and_then(|text| {
        let (sign, length) = match text.strip_prefix('-') {
            Some(length) => (-1, length),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let length = humantime::parse_duration(length).ok()?;
        Some(sign * i64::try_from(length.as_millis()).ok()?)
    });
    shift.ok_or_else(|| {
        let remedy = "write it like +6h1s or -30m";
        Problem::new(key, format!("{value} is not a duration; {remedy}"))
    })
}

fn write_shift(by: i64) -> String {
    let sign = if by < 0 { '-' } else { '+' };
    let length = humantime::format_duration(Duration::from_millis(by.unsigned_abs()));
    format!("{sign}{}", length.to_string().replace(' ', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-01T00:00:00Z.
    const HOST: UnixMillis = UnixMillis::from_seconds(1_767_225_600);
    const MINUTE: i64 = 60_000;

    #[track_caller]
    fn check(before: Clock, change: &Value, expected: Clock) {
        let clock = before.changed(change, HOST).unwrap();
        assert_eq!(clock, expected);
        assert_eq!(Clock::read(&clock.to_json()), Ok(expected));
        let shown = clock.show(clock.at(HOST));
        let again = clock.changed(&shown, HOST).unwrap();
        assert_eq!(again.at(HOST), clock.at(HOST));
        assert_eq!(again.show(again.at(HOST)), shown);
    }

    #[test]
    fn a_shift_counts_from_the_emulated_time() {
        let shift = json!({ "shift": "+1m" });
        check(Clock::Running, &shift, Clock::Shifted(MINUTE));
        check(Clock::Shifted(MINUTE), &shift, Clock::Shifted(2 * MINUTE));
        check(
            Clock::Frozen(UnixMillis(5)),
            &shift,
            Clock::Frozen(UnixMillis(5 + MINUTE)),
        );
        let back = json!({ "shift": "-90s" });
        check(Clock::Shifted(MINUTE), &back, Clock::Shifted(-MINUTE / 2));
    }

    #[test]
    fn an_offset_counts_from_the_clock_of_the_host() {
        let offset = json!({ "offset": "2m" });
        for before in [
            Clock::Running,
            Clock::Shifted(MINUTE),
            Clock::Frozen(UnixMillis(5)),
        ] {
            check(before, &offset, Clock::Shifted(2 * MINUTE));
        }
    }

    #[test]
    fn a_clock_is_frozen_and_released() {
        let frozen = Clock::Frozen(UnixMillis(1_767_225_600_500));
        let freeze = json!({ "freeze": "2026-01-01T01:00:00.5+01:00" });
        check(Clock::Shifted(MINUTE), &freeze, frozen);
        check(frozen, &json!({}), Clock::Running);
    }

    #[test]
    fn an_offset_is_written_as_people_write_it() {
        let shown = Clock::Shifted(21_601_000).show(HOST);
        assert_eq!(
            shown,
            json!({ "offset": "+6h1s", "now": "2026-01-01T00:00:00Z" })
        );
    }

    #[test]
    fn invalid_changes_are_rejected_with_an_example() {
        let said = |document: &Value| {
            let refused = Clock::Running.changed(document, HOST);
            refused.unwrap_err().to_string()
        };
        assert_eq!(
            said(&json!({ "shift": "later" })),
            "shift: \"later\" is not a duration; write it like +6h1s or -30m"
        );
        assert!(
            said(&json!({ "shift": "1s", "freeze": "x" })).starts_with("one thing at a time; ")
        );
        assert!(said(&json!([])).starts_with("this is a list; write {"));
        assert!(said(&json!({ "now": "2026-01-01T00:00:00Z" })).starts_with("now: it cannot be"));
        assert!(said(&json!({ "tick": "1s" })).starts_with("tick: unknown field; write {"));
    }

    #[test]
    fn times_that_cannot_be_formatted_are_rejected_with_the_range() {
        let too_late = "the time that follows is outside of the years 1000 to 9999; \
                        choose a time within them";
        for (before, document, place) in [
            (Clock::Running, json!({ "shift": "+8000y" }), "shift"),
            (Clock::Running, json!({ "shift": "+100000000y" }), "shift"),
            (Clock::Running, json!({ "offset": "-1027y" }), "offset"),
            (
                Clock::Frozen(UnixMillis::LATEST),
                json!({ "shift": "1ms" }),
                "shift",
            ),
        ] {
            let refused = before.changed(&document, HOST).unwrap_err();
            assert_eq!(refused.to_string(), format!("{place}: {too_late}"));
        }
        let early = json!({ "freeze": "0999-01-01T00:00:00Z" });
        let refused = Clock::Running.changed(&early, HOST).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "freeze: \"0999-01-01T00:00:00Z\" is outside of the years 1000 to 9999; \
             choose a time within them"
        );
    }

    #[test]
    fn a_clock_that_runs_past_the_last_time_stops_there() {
        assert_eq!(Clock::Shifted(i64::MAX).at(HOST), UnixMillis::LATEST);
        assert_eq!(Clock::Shifted(i64::MIN).at(HOST), UnixMillis::EARLIEST);
    }
}

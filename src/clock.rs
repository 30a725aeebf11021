//! The emulated clock: the host's, shifted, or standing still.

use std::time::Duration;

use serde_json::{Value, json};

use crate::description::{Read as _, kind};
use crate::problem::Problem;
use crate::time::UnixMillis;

/// What has been done to the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// Nothing.
    #[default]
    Running,
    /// It is ahead by so many milliseconds, or behind.
    Shifted(i64),
    /// It stands still.
    Frozen(UnixMillis),
}

impl Clock {
    /// The emulated time when the host's clock shows `now`.
    pub fn at(self, now: UnixMillis) -> UnixMillis {
        match self {
            Self::Running => now,
            Self::Shifted(by) => UnixMillis(now.0.saturating_add(by)),
            Self::Frozen(time) => time,
        }
    }

    /// Reads `{"shift": "+6h1s"}`, `{"freeze": "2026-01-01T00:00:00Z"}` or `{}`.
    pub(crate) fn read(document: &Value) -> Result<Self, Problem> {
        let Value::Object(fields) = document else {
            return Err(Problem::new(
                "",
                format!("this is {}; {REMEDY}", kind(document)),
            ));
        };
        let mut fields = fields.iter();
        match (fields.next(), fields.next()) {
            (None, _) => Ok(Self::Running),
            (Some((key, by)), None) if key == "shift" => {
                let shift = by.as_str().and_then(read_shift);
                shift.map(Self::Shifted).ok_or_else(|| {
                    let remedy = "write it as in +6h1s or -30m";
                    Problem::new("shift", format!("{by} is not a duration; {remedy}"))
                })
            }
            (Some((key, time)), None) if key == "freeze" => UnixMillis::read(time)
                .map(Self::Frozen)
                .map_err(|problem| problem.inside("freeze")),
            _ => Err(Problem::new("", format!("one thing at a time; {REMEDY}"))),
        }
    }

    /// The document that says the same.
    pub(crate) fn to_json(self) -> Value {
        match self {
            Self::Running => json!({}),
            Self::Shifted(by) => json!({ "shift": write_shift(by) }),
            Self::Frozen(time) => json!({ "freeze": time.iso_millis() }),
        }
    }
}

const REMEDY: &str = "write {\"shift\": \"+6h1s\"} or {\"freeze\": \"2026-01-01T00:00:00Z\"}";

fn read_shift(text: &str) -> Option<i64> {
    let (sign, length) = match text.strip_prefix('-') {
        Some(length) => (-1, length),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let length = humantime::parse_duration(length).ok()?;
    Some(sign * i64::try_from(length.as_millis()).ok()?)
}

fn write_shift(by: i64) -> String {
    let sign = if by < 0 { '-' } else { '+' };
    let length = humantime::format_duration(Duration::from_millis(by.unsigned_abs()));
    format!("{sign}{}", length.to_string().replace(' ', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(document: &Value, expected: Clock) {
        let clock = Clock::read(document).unwrap();
        assert_eq!(clock, expected);
        assert_eq!(Clock::read(&clock.to_json()).unwrap(), expected);
    }

    #[test]
    fn what_is_written_is_read_again() {
        check(&json!({}), Clock::Running);
        check(&json!({ "shift": "+6h1s" }), Clock::Shifted(21_601_000));
        check(&json!({ "shift": "-90s" }), Clock::Shifted(-90_000));
        check(&json!({ "shift": "2m" }), Clock::Shifted(120_000));
        check(
            &json!({ "freeze": "2026-01-01T01:00:00.5+01:00" }),
            Clock::Frozen(UnixMillis(1_767_225_600_500)),
        );
    }

    #[test]
    fn a_shift_is_written_as_people_write_it() {
        assert_eq!(
            Clock::Shifted(21_601_000).to_json(),
            json!({ "shift": "+6h1s" })
        );
    }

    #[test]
    fn what_is_no_change_is_refused_with_an_example() {
        let said = |document: &Value| Clock::read(document).unwrap_err().to_string();
        assert_eq!(
            said(&json!({ "shift": "later" })),
            "shift: \"later\" is not a duration; write it as in +6h1s or -30m"
        );
        assert!(
            said(&json!({ "shift": "1s", "freeze": "x" })).starts_with("one thing at a time; ")
        );
        assert!(said(&json!([])).starts_with("this is a list; write {"));
    }
}

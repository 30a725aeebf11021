//! The frequency of a fault: which of the matching requests it affects.

use serde_json::{Map, Value};

use super::json_fields::{only, optional};
use crate::problem::Problem;

/// The affected ones of a fault's matching requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Frequency {
    /// All.
    Always,
    /// The one with this number, from 1.
    Nth(u32),
    /// This many at the start.
    First(u32),
    /// A share, from 0 to 1.
    Share(f64),
    /// All but this many at the start of each second.
    Throttle(u32),
}

impl Frequency {
    /// Parses the frequency of a fault; the default is every request.
    pub(super) fn read(fields: &Map<String, Value>) -> Result<Self, Problem> {
        let frequency = only([
            ("nth", count(fields, "nth")?.map(Self::Nth)),
            ("first", count(fields, "first")?.map(Self::First)),
            ("share", share(fields)?.map(Self::Share)),
            ("throttle", count(fields, "throttle")?.map(Self::Throttle)),
        ])?;
        Ok(frequency.unwrap_or(Self::Always))
    }

    /// The field that selects this frequency, and its value.
    pub(super) fn to_field(self) -> Option<(&'static str, Value)> {
        Some(match self {
            Self::Always => return None,
            Self::Nth(number) => ("nth", number.into()),
            Self::First(count) => ("first", count.into()),
            Self::Share(share) => ("share", share.into()),
            Self::Throttle(rate) => ("throttle", rate.into()),
        })
    }
}

fn count(fields: &Map<String, Value>, key: &str) -> Result<Option<u32>, Problem> {
    match optional(fields, key)? {
        Some(0) => Err(Problem::new(key, "it is 0; write a number from 1 on")),
        count => Ok(count),
    }
}

fn share(fields: &Map<String, Value>) -> Result<Option<f64>, Problem> {
    let Some(value) = fields.get("share").filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let share = value.as_f64().filter(|share| (0.0..=1.0).contains(share));
    share.map(Some).ok_or_else(|| {
        let message = format!("{value} is not a share; use a number from 0 to 1, as in 0.5");
        Problem::new("share", message)
    })
}

//! Moments, and how the service writes them.

use std::str::FromStr;

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcDateTime};

/// A moment, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// A moment in whole seconds since 1970.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// The seconds since 1970, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment this many seconds later, or earlier.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// `2026-09-26T14:32:42Z`, as in JSON documents: whole seconds, rounded down.
    pub fn iso(self) -> String {
        let time = self.calendar();
        let (hour, minute, second) = time.as_hms();
        let (year, month, day) = (time.year(), u8::from(time.month()), time.day());
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// `Mon, 20 Sep 2021 21:41:54 GMT`, as in HTTP headers.
    pub fn http_date(self) -> String {
        let time = self.calendar();
        let (hour, minute, second) = time.as_hms();
        let weekday = WEEKDAYS[usize::from(time.weekday().number_days_from_monday())];
        let month = MONTHS[usize::from(u8::from(time.month())) - 1];
        let (day, year) = (time.day(), time.year());
        format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }

    /// Moments that no calendar has count as 1970.
    fn calendar(self) -> UtcDateTime {
        UtcDateTime::from_unix_timestamp(self.seconds()).unwrap_or(UtcDateTime::UNIX_EPOCH)
    }
}

/// Reads RFC 3339 with any offset.
impl FromStr for UnixMillis {
    type Err = time::error::Parse;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = OffsetDateTime::parse(text, &Rfc3339)?;
        Ok(Self(
            time.unix_timestamp() * 1000 + i64::from(time.millisecond()),
        ))
    }
}

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_captured() {
        let time: UnixMillis = "2021-09-20T21:41:54.987Z".parse().unwrap();
        assert_eq!(time.iso(), "2021-09-20T21:41:54Z");
        assert_eq!(time.http_date(), "Mon, 20 Sep 2021 21:41:54 GMT");
    }

    #[test]
    fn an_offset_is_counted_in() {
        let time: UnixMillis = "2026-09-26T16:32:42+02:00".parse().unwrap();
        assert_eq!(time.iso(), "2026-09-26T14:32:42Z");
    }

    #[test]
    fn every_moment_can_be_written() {
        assert_eq!(UnixMillis(i64::MAX).iso(), "1970-01-01T00:00:00Z");
        assert_eq!(UnixMillis(-1).iso(), "1969-12-31T23:59:59Z");
    }
}

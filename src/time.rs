//! Points in time, and the service's formats of them.

use std::fmt;
use std::str::FromStr;

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcDateTime};

/// A point in time, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// The start of the year 1000. All times of the emulator are between this one
    /// and [`LATEST`](Self::LATEST), so that their years have four digits.
    pub const EARLIEST: Self = Self::from_seconds(-30_610_224_000);

    /// The end of the year 9999.
    pub const LATEST: Self = Self(253_402_300_799_999);

    /// Creates a time from seconds since 1970.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// The seconds since 1970, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Adds seconds, which may be negative.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Adds milliseconds, which may be negative; `None` outside of the years 1000
    /// to 9999.
    pub(crate) fn shifted(self, by: i64) -> Option<Self> {
        let shifted = Self(self.0.checked_add(by)?);
        (shifted == shifted.clamped()).then_some(shifted)
    }

    /// Returns the nearest time within the years 1000 to 9999.
    pub(crate) fn clamped(self) -> Self {
        self.clamp(Self::EARLIEST, Self::LATEST)
    }

    /// `2026-09-26T14:32:42Z`, as in JSON documents: whole seconds, rounded down.
    pub fn iso(self) -> String {
        let time = self.calendar();
        let [y1, y2, y3, y4] = year(time);
        let [m1, m2] = two(time.month().into());
        let [d1, d2] = two(time.day());
        let [c1, c2, c3, c4, c5, c6, c7, c8] = clock(time);
        text([
            y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', c1, c2, c3, c4, c5, c6, c7, c8, b'Z',
        ])
    }

    /// Like [`iso`](Self::iso), with milliseconds unless they are zero.
    pub fn iso_millis(self) -> String {
        let mut text = self.iso();
        let millis = self.0.rem_euclid(1000);
        if millis > 0 {
            text.pop();
            text.push('.');
            for place in [100, 10, 1] {
                text.push(char::from(
                    b'0' + u8::try_from(millis / place % 10).unwrap_or_default(),
                ));
            }
            text.push('Z');
        }
        text
    }

    /// `Mon, 20 Sep 2021 21:41:54 GMT`, as in HTTP headers. Every response has one
    /// or two of these, so it is built without `format!`.
    pub fn http_date(self) -> String {
        let time = self.calendar();
        let [w1, w2, w3] = WEEKDAYS[usize::from(time.weekday().number_days_from_monday())];
        let [d1, d2] = two(time.day());
        let [m1, m2, m3] = MONTHS[usize::from(u8::from(time.month())) - 1];
        let [y1, y2, y3, y4] = year(time);
        let [c1, c2, c3, c4, c5, c6, c7, c8] = clock(time);
        text([
            w1, w2, w3, b',', b' ', d1, d2, b' ', m1, m2, m3, b' ', y1, y2, y3, y4, b' ', c1, c2,
            c3, c4, c5, c6, c7, c8, b' ', b'G', b'M', b'T',
        ])
    }

    /// `21 Jan 2019 09:00:43 GMT`, as in maintenance events.
    pub fn day_month_year(self) -> String {
        let date = self.http_date();
        let date = date.split_once(", ").map_or(&*date, |(_, date)| date);
        date.strip_prefix('0').unwrap_or(date).to_owned()
    }

    /// Converts to a calendar date, clamped to the years 1000 to 9999.
    fn calendar(self) -> UtcDateTime {
        UtcDateTime::from_unix_timestamp(self.clamped().seconds())
            .unwrap_or(UtcDateTime::UNIX_EPOCH)
    }
}

/// The length of the longest text, that of [`UnixMillis::http_date`].
const MAX_TEXT_LEN: usize = 29;

/// A text of ASCII characters.
fn text<const N: usize>(characters: [u8; N]) -> String {
    let mut text = Vec::with_capacity(MAX_TEXT_LEN);
    text.extend(characters);
    String::from_utf8(text).unwrap_or_default()
}

/// A year of four digits.
fn year(time: UtcDateTime) -> [u8; 4] {
    let year = time.year().unsigned_abs();
    let half = |number: u32| two(u8::try_from(number % 100).unwrap_or_default());
    let ([y1, y2], [y3, y4]) = (half(year / 100), half(year));
    [y1, y2, y3, y4]
}

/// A time of day like `21:41:54`.
fn clock(time: UtcDateTime) -> [u8; 8] {
    let (hour, minute, second) = time.as_hms();
    let ([h1, h2], [m1, m2], [s1, s2]) = (two(hour), two(minute), two(second));
    [h1, h2, b':', m1, m2, b':', s1, s2]
}

/// Two digits.
fn two(number: u8) -> [u8; 2] {
    [b'0' + number / 10, b'0' + number % 10]
}

/// Parses RFC 3339 with any offset.
impl FromStr for UnixMillis {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| TimeError::Format)?;
        let time = Self(time.unix_timestamp() * 1000 + i64::from(time.millisecond()));
        if time == time.clamped() {
            Ok(time)
        } else {
            Err(TimeError::Range)
        }
    }
}

/// The reason why a text is not a time; it completes a sentence that starts with
/// the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeError {
    /// The text is not RFC 3339.
    Format,
    /// The year is outside of 1000 to 9999.
    Range,
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Format => "is not a time; write RFC 3339, as in 2026-01-01T00:00:00Z",
            Self::Range => OUT_OF_RANGE,
        })
    }
}

impl std::error::Error for TimeError {}

/// The error for a time outside of the years 1000 to 9999.
pub(crate) const OUT_OF_RANGE: &str =
    "is outside of the years 1000 to 9999; choose a time within them";

const WEEKDAYS: [[u8; 3]; 7] = [
    *b"Mon", *b"Tue", *b"Wed", *b"Thu", *b"Fri", *b"Sat", *b"Sun",
];
const MONTHS: [[u8; 3]; 12] = [
    *b"Jan", *b"Feb", *b"Mar", *b"Apr", *b"May", *b"Jun", *b"Jul", *b"Aug", *b"Sep", *b"Oct",
    *b"Nov", *b"Dec",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_captured() {
        let time: UnixMillis = "2021-09-20T21:41:54.987Z".parse().unwrap();
        assert_eq!(time.iso(), "2021-09-20T21:41:54Z");
        assert_eq!(time.iso_millis(), "2021-09-20T21:41:54.987Z");
        assert_eq!(time.http_date(), "Mon, 20 Sep 2021 21:41:54 GMT");
    }

    #[test]
    fn an_offset_is_counted_in() {
        let time: UnixMillis = "2026-09-26T16:32:42+02:00".parse().unwrap();
        assert_eq!(time.iso(), "2026-09-26T14:32:42Z");
    }

    #[test]
    fn every_moment_can_be_written() {
        assert_eq!(UnixMillis(i64::MAX).iso(), "9999-12-31T23:59:59Z");
        assert_eq!(UnixMillis(i64::MIN).iso(), "1000-01-01T00:00:00Z");
        assert_eq!(UnixMillis(-1).iso(), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn a_time_is_read_only_if_it_can_be_written_again() {
        let read = str::parse::<UnixMillis>;
        assert_eq!(read("1000-01-01T00:00:00Z"), Ok(UnixMillis::EARLIEST));
        assert_eq!(read("9999-12-31T23:59:59.999Z"), Ok(UnixMillis::LATEST));
        assert_eq!(read("1000-01-01T00:00:00+01:00"), Err(TimeError::Range));
        assert_eq!(read("9999-12-31T23:59:59-01:00"), Err(TimeError::Range));
        assert_eq!(read("0000-01-01T00:00:00Z"), Err(TimeError::Range));
        assert_eq!(read("10000-01-01T00:00:00Z"), Err(TimeError::Format));
    }
}

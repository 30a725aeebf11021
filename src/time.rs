//! How the service writes times.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

/// `2026-09-26T14:32:42Z`, as in JSON documents: whole seconds, rounded down.
pub(crate) fn iso(time: Timestamp) -> String {
    let seconds = time.as_millisecond().div_euclid(1000);
    Timestamp::from_second(seconds)
        .map(|time| time.to_string())
        .unwrap_or_default()
}

/// `Mon, 20 Sep 2021 21:41:54 GMT`, as in HTTP headers.
pub(crate) fn http_date(time: Timestamp) -> String {
    DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&time)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_captured() {
        let time: Timestamp = "2021-09-20T21:41:54.987Z".parse().unwrap();
        assert_eq!(iso(time), "2021-09-20T21:41:54Z");
        assert_eq!(http_date(time), "Mon, 20 Sep 2021 21:41:54 GMT");
    }
}

//! BER and DER encoding: tag, length, content (ITU-T X.690).

use crate::small_sort::sorted;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// An encoded `NULL`.
pub(super) const NULL: &[u8] = &[0x05, 0];
/// The tag bit of constructed types.
pub(super) const CONSTRUCTED: u8 = 0x20;

/// The constructed context-specific tag `[number]`.
pub(super) const fn context(number: u8) -> u8 {
    0x80 | CONSTRUCTED | number
}

/// Encodes an element with the shortest definite length.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let zeros = length.iter().take_while(|byte| **byte == 0).count();
    let mut written = vec![tag];
    match length[zeros..] {
        [] => written.push(0),
        [short] if short < 0x80 => written.push(short),
        ref long => {
            written.push(0x80 | u8::try_from(long.len()).unwrap_or_default());
            written.extend(long);
        }
    }
    written.extend(content);
    written
}

/// Encodes a constructed element with an indefinite length, which ends in two
/// zeros.
pub(super) fn indefinite(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    [&[tag | CONSTRUCTED, 0x80], &parts.concat()[..], &[0, 0]].concat()
}

/// Encodes a non-negative integer from big-endian bytes.
pub(super) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let sign: &[u8] = match bytes.get(zeros) {
        Some(0..0x80) => &[],
        // Keeps the number non-negative, and zero from being empty.
        Some(0x80..) | None => &[0],
    };
    element(INTEGER, &[sign, &bytes[zeros..]])
}

/// Encodes a set with its elements in DER's byte order.
pub(super) fn set_of(tag: u8, elements: Vec<Vec<u8>>) -> Vec<u8> {
    element(tag, &[&sorted(elements).concat()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_length(content: usize, expected: &[u8]) {
        let written = element(OCTET_STRING, &[&vec![7; content]]);
        let (head, rest) = written.split_at(written.len() - content);
        assert_eq!(head[0], OCTET_STRING);
        assert_eq!(head[1..], *expected);
        assert_eq!(rest, vec![7; content]);
    }

    #[test]
    fn lengths_are_as_short_as_possible() {
        check_length(0, &[0]);
        check_length(127, &[127]);
        check_length(128, &[0x81, 128]);
        check_length(255, &[0x81, 255]);
        check_length(256, &[0x82, 1, 0]);
        check_length(473, &[0x82, 1, 0xd9]);
        check_length(65_536, &[0x83, 1, 0, 0]);
    }

    #[test]
    fn indefinite_elements_end_in_two_zeros() {
        let text = element(OCTET_STRING, &[b"ab"]);
        assert_eq!(
            indefinite(OCTET_STRING, &[&text]),
            [0x24, 0x80, 4, 2, b'a', b'b', 0, 0]
        );
        assert_eq!(indefinite(SEQUENCE, &[]), [0x30, 0x80, 0, 0]);
    }

    #[test]
    fn integers_are_minimal_and_never_negative() {
        assert_eq!(unsigned(&[]), [2, 1, 0]);
        assert_eq!(unsigned(&[0, 0]), [2, 1, 0]);
        assert_eq!(unsigned(&[0, 1]), [2, 1, 1]);
        assert_eq!(unsigned(&[0x7f]), [2, 1, 0x7f]);
        assert_eq!(unsigned(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(unsigned(&[0, 0, 0xff, 0]), [2, 3, 0, 0xff, 0]);
    }

    #[test]
    fn sets_are_sorted_by_the_bytes_of_their_elements() {
        let elements = vec![vec![0x30, 2, 9, 9], vec![0x30, 1, 9], vec![2, 1, 5]];
        assert_eq!(
            set_of(SET, elements),
            [0x31, 10, 2, 1, 5, 0x30, 1, 9, 0x30, 2, 9, 9]
        );
    }

    #[test]
    fn context_tags_are_constructed() {
        assert_eq!(context(0), 0xa0);
        assert_eq!(context(1), 0xa1);
    }
}

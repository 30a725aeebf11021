//! A DER parser for keys and certificates: a sequence of elements with definite
//! lengths.

/// A DER element.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// The element with its tag and length.
    pub(super) whole: &'a [u8],
}

/// The unread elements of a sequence.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Creates a reader of the elements in `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Returns the next element.
    pub(super) fn next(&mut self) -> Option<Element<'a>> {
        let all = self.0;
        let [tag, first, rest @ ..] = all else {
            return None;
        };
        let (length, rest) = match usize::from(*first) {
            short @ 0..0x80 => (short, rest),
            long => {
                let (length, rest) = rest.split_at_checked(long & 0x7f)?;
                (number(length)?, rest)
            }
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(Element {
            tag: *tag,
            content,
            whole: &all[..all.len() - rest.len()],
        })
    }

    /// Returns the content of the next element if it has this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        let element = self.next()?;
        (element.tag == tag).then_some(element.content)
    }

    /// Returns a reader of the next element's content if it has this tag.
    pub(super) fn enter(&mut self, tag: u8) -> Option<Self> {
        self.expect(tag).map(Self)
    }

    /// Returns the big-endian bytes of the next element, a positive integer,
    /// without leading zeros.
    pub(super) fn unsigned(&mut self) -> Option<&'a [u8]> {
        let bytes = self.expect(super::ber::INTEGER)?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let is_negative = bytes.first()? & 0x80 != 0;
        (!is_negative && zeros < bytes.len()).then(|| &bytes[zeros..])
    }
}

/// A length of up to four bytes.
fn number(bytes: &[u8]) -> Option<usize> {
    if !(1..=4).contains(&bytes.len()) {
        return None;
    }
    let mut all = [0; 4];
    all[4 - bytes.len()..].copy_from_slice(bytes);
    usize::try_from(u32::from_be_bytes(all)).ok()
}

#[cfg(test)]
mod tests {
    use super::super::ber::{self, INTEGER, OCTET_STRING, SEQUENCE};
    use super::*;

    #[test]
    fn encoded_elements_are_decoded() {
        for length in [0, 127, 128, 300, 70_000] {
            let text = ber::element(OCTET_STRING, &[&vec![7; length]]);
            let all = ber::element(SEQUENCE, &[&ber::unsigned(&[0xff]), &text]);
            let mut reader = Reader::new(&all).enter(SEQUENCE).unwrap();
            assert_eq!(reader.unsigned(), Some(&[0xff][..]));
            let element = reader.next().unwrap();
            assert_eq!((element.tag, element.content.len()), (OCTET_STRING, length));
            assert_eq!(element.whole, text);
            assert!(reader.next().is_none());
        }
    }

    #[test]
    fn truncated_or_invalid_der_is_rejected() {
        for broken in [
            &[][..],
            &[INTEGER],
            &[INTEGER, 1],
            &[INTEGER, 0x81],
            &[INTEGER, 0x80, 1, 0, 0],
            &[INTEGER, 0x85, 0, 0, 0, 0, 1, 9],
            &[INTEGER, 0x84, 0xff, 0xff, 0xff, 0xff, 9],
        ] {
            assert!(Reader::new(broken).next().is_none(), "{broken:?}");
        }
        assert!(Reader::new(&[INTEGER, 1, 0xff]).unsigned().is_none());
        assert!(Reader::new(&[INTEGER, 1, 0]).unsigned().is_none());
        assert!(Reader::new(&[OCTET_STRING, 1, 1]).unsigned().is_none());
    }
}

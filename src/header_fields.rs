//! Header fields as bytes between the native program and its component (`direct`
//! in `wit/world.wit`). Frequent names, and frequent fields whose value is always
//! the same, are numbers, which both sides look up in the same table.

use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_TYPE, DATE, HOST, LAST_MODIFIED, SERVER, USER_AGENT,
};
use http::{HeaderName, HeaderValue};

use crate::constants;
use crate::pieces;

/// The names and fields with numbers, from 1.
static NUMBERED: [(HeaderName, Option<HeaderValue>); 11] = [
    fixed(CONTENT_TYPE, constants::TEXT),
    fixed(ACCEPT_RANGES, constants::NO_RANGES),
    fixed(SERVER, constants::SERVER),
    (CONTENT_TYPE, None),
    (LAST_MODIFIED, None),
    (CONTENT_LENGTH, None),
    (DATE, None),
    (HOST, None),
    (USER_AGENT, None),
    (constants::TOKEN, None),
    (constants::TOKEN_TTL, None),
];

const fn fixed(name: HeaderName, value: &'static str) -> (HeaderName, Option<HeaderValue>) {
    (name, Some(HeaderValue::from_static(value)))
}

/// Appends a field: its number, or 0 and the name, then the value unless the
/// number tells it.
pub fn push(fields: &mut Vec<u8>, name: &HeaderName, value: &[u8]) {
    let index = NUMBERED.iter().position(|(numbered, fixed)| {
        numbered == name && fixed.as_ref().is_none_or(|fixed| fixed == value)
    });
    let number = index.and_then(|index| u8::try_from(index + 1).ok());
    fields.push(number.unwrap_or(0));
    if number.is_none() {
        pieces::push(fields, name.as_str().as_bytes());
    }
    if index.is_none_or(|index| NUMBERED[index].1.is_none()) {
        pieces::push(fields, value);
    }
}

/// A name or value.
#[derive(Clone, Copy, Debug)]
pub enum Part<'f, T: 'static> {
    /// One that has a number.
    Numbered(&'static T),
    /// Another one; a name is in lower case.
    Bytes(&'f [u8]),
}

impl Part<'_, HeaderName> {
    /// The name; `None` if it is invalid.
    pub fn to_header_name(self) -> Option<HeaderName> {
        match self {
            Self::Numbered(name) => Some(name.clone()),
            Self::Bytes(bytes) => HeaderName::from_bytes(bytes).ok(),
        }
    }
}

impl PartialEq<HeaderName> for Part<'_, HeaderName> {
    fn eq(&self, other: &HeaderName) -> bool {
        match self {
            Self::Numbered(name) => *name == other,
            Self::Bytes(bytes) => *bytes == other.as_str().as_bytes(),
        }
    }
}

/// Returns names and values, up to the first invalid one.
pub fn read(
    mut fields: &[u8],
) -> impl Iterator<Item = (Part<'_, HeaderName>, Part<'_, HeaderValue>)> {
    std::iter::from_fn(move || {
        let (number, rest) = fields.split_first()?;
        fields = rest;
        let numbered = match usize::from(*number).checked_sub(1) {
            Some(index) => Some(NUMBERED.get(index)?),
            None => None,
        };
        let name = match numbered {
            Some((name, _)) => Part::Numbered(name),
            None => Part::Bytes(pieces::take(&mut fields)?),
        };
        let value = match numbered {
            Some((_, Some(value))) => Part::Numbered(value),
            _ => Part::Bytes(pieces::take(&mut fields)?),
        };
        Some((name, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_fields_are_decoded() {
        let given = [
            (HOST, &b"[::1]:80"[..]),
            (SERVER, b"EC2ws"),
            (SERVER, b"other"),
            (constants::TOKEN, b""),
            (HeaderName::from_static("b"), b"\xff"),
        ];
        let mut fields = Vec::new();
        for (name, value) in &given {
            push(&mut fields, name, value);
        }
        let decoded = read(&fields).map(|(name, value)| {
            let value = match value {
                Part::Numbered(value) => value.as_bytes(),
                Part::Bytes(bytes) => bytes,
            };
            (name.to_header_name().unwrap(), value)
        });
        assert_eq!(decoded.collect::<Vec<_>>(), given);
        assert_eq!(read(&fields[..fields.len() - 1]).count(), 4);
        assert_eq!(read(&[255]).count(), 0);
    }
}

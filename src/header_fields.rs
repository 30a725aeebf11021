//! Header fields as bytes between the native program and its component (`direct`
//! in `wit/world.wit`). Frequent names are numbers, which both sides look up in
//! the same table.

use http::HeaderName;
use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_TYPE, DATE, HOST, LAST_MODIFIED, SERVER, USER_AGENT,
};

use crate::constants;
use crate::pieces;

/// The names with numbers, from 1.
static NUMBERED: [HeaderName; 11] = [
    constants::TOKEN,
    constants::TOKEN_TTL,
    constants::PEER,
    HOST,
    USER_AGENT,
    CONTENT_TYPE,
    ACCEPT_RANGES,
    LAST_MODIFIED,
    CONTENT_LENGTH,
    DATE,
    SERVER,
];

/// Appends a field: the number of its name, or 0 and the name, then the value.
pub fn push(fields: &mut Vec<u8>, name: &HeaderName, value: &[u8]) {
    let index = NUMBERED.iter().position(|numbered| numbered == name);
    match index.and_then(|index| u8::try_from(index + 1).ok()) {
        Some(number) => fields.push(number),
        None => {
            fields.push(0);
            pieces::push(fields, name.as_str().as_bytes());
        }
    }
    pieces::push(fields, value);
}

/// The name of a field.
#[derive(Clone, Copy, Debug)]
pub enum Name<'f> {
    /// One with a number.
    Numbered(&'static HeaderName),
    /// Another one, in lower case.
    Text(&'f [u8]),
}

impl PartialEq<HeaderName> for Name<'_> {
    fn eq(&self, other: &HeaderName) -> bool {
        match self {
            Self::Numbered(name) => *name == other,
            Self::Text(text) => *text == other.as_str().as_bytes(),
        }
    }
}

impl Name<'_> {
    /// The name; `None` if it is invalid.
    pub fn to_header_name(self) -> Option<HeaderName> {
        match self {
            Self::Numbered(name) => Some(name.clone()),
            Self::Text(text) => HeaderName::from_bytes(text).ok(),
        }
    }
}

/// Returns names and values, up to the first invalid one.
pub fn read(mut fields: &[u8]) -> impl Iterator<Item = (Name<'_>, &[u8])> {
    std::iter::from_fn(move || {
        let (number, rest) = fields.split_first()?;
        fields = rest;
        let name = match usize::from(*number).checked_sub(1) {
            Some(index) => Name::Numbered(NUMBERED.get(index)?),
            None => Name::Text(pieces::take(&mut fields)?),
        };
        Some((name, pieces::take(&mut fields)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_fields_are_decoded() {
        let given = [
            (HOST, &b"[::1]:80"[..]),
            (constants::TOKEN, b""),
            (HeaderName::from_static("b"), b"\xff"),
        ];
        let mut fields = Vec::new();
        for (name, value) in &given {
            push(&mut fields, name, value);
        }
        let decoded = read(&fields).map(|(name, value)| (name.to_header_name().unwrap(), value));
        assert_eq!(decoded.collect::<Vec<_>>(), given);
        assert_eq!(read(&fields[..fields.len() - 1]).count(), 2);
        assert_eq!(read(&[255]).count(), 0);
    }
}

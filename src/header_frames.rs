//! Header fields as one list of bytes: the format between the native program and
//! its component (`fields` in `wit/world.wit`).

/// Adds a field. A field that exceeds the range of the length is dropped; hosts
/// reject such requests.
pub fn push(fields: &mut Vec<u8>, name: &str, value: &[u8]) {
    let lengths = (u16::try_from(name.len()), u16::try_from(value.len()));
    if let (Ok(name_len), Ok(value_len)) = lengths {
        fields.extend_from_slice(&name_len.to_le_bytes());
        fields.extend_from_slice(name.as_bytes());
        fields.extend_from_slice(&value_len.to_le_bytes());
        fields.extend_from_slice(value);
    }
}

/// Returns names and values, up to the first incomplete one.
pub fn read(mut fields: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || Some((piece(&mut fields)?, piece(&mut fields)?)))
}

/// Splits off the first piece.
fn piece<'f>(fields: &mut &'f [u8]) -> Option<&'f [u8]> {
    let (length, rest) = fields.split_first_chunk()?;
    let (piece, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
    *fields = rest;
    Some(piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_fields_are_decoded() {
        let given: [(&str, &[u8]); 3] = [("host", b"[::1]:80"), ("empty", b""), ("b", b"\xff")];
        let mut fields = Vec::new();
        for (name, value) in given {
            push(&mut fields, name, value);
        }
        let known = given.map(|(name, value)| (name.as_bytes(), value));
        assert_eq!(read(&fields).collect::<Vec<_>>(), known);
        assert_eq!(read(&fields[..fields.len() - 1]).count(), 2);
    }
}

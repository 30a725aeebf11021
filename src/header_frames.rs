//! Header fields in one piece: the form in which the native program and the
//! component in it hand them to each other (`fields` in `wit/resolved.wit`).

/// Adds a field. Nothing is added if it is longer than a length can say, which
/// no host lets through.
pub fn push(fields: &mut Vec<u8>, name: &str, value: &[u8]) {
    let lengths = (u16::try_from(name.len()), u16::try_from(value.len()));
    if let (Ok(name_len), Ok(value_len)) = lengths {
        fields.extend_from_slice(&name_len.to_le_bytes());
        fields.extend_from_slice(name.as_bytes());
        fields.extend_from_slice(&value_len.to_le_bytes());
        fields.extend_from_slice(value);
    }
}

/// Names and values, up to the first that is not all there.
pub fn read(mut fields: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || Some((piece(&mut fields)?, piece(&mut fields)?)))
}

/// Takes a piece off the front.
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
    fn what_is_written_is_read() {
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

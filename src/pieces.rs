//! Byte strings in a row, each preceded by its length as a little-endian 32-bit
//! integer: the format of stored pages, and of request and response heads between
//! the native program and its component (`direct` in `wit/world.wit`).

/// Appends a piece. One of 4 GiB or more becomes empty; no input is that long.
pub fn push(bytes: &mut Vec<u8>, piece: &[u8]) {
    let length = u32::try_from(piece.len());
    let (length, piece) = length.map_or((0, &[][..]), |length| (length, piece));
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(piece);
}

/// Splits off the first piece; `None` if it is incomplete.
pub fn take<'b>(bytes: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (piece, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some(piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_read_as_written_and_incomplete_ones_not() {
        let given = [&b"[::1]:80"[..], b"", b"\xff"];
        let mut bytes = Vec::new();
        for piece in given {
            push(&mut bytes, piece);
        }
        let read = |mut bytes: &[u8]| -> Vec<Vec<u8>> {
            std::iter::from_fn(|| take(&mut bytes).map(<[u8]>::to_vec)).collect()
        };
        assert_eq!(read(&bytes), given);
        assert_eq!(read(&bytes[..bytes.len() - 1]), given[..2]);
    }
}

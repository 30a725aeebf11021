//! Bytes as hexadecimal digits.

/// Two digits a byte, in lower case.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let digit = |value: u8| b"0123456789abcdef"[usize::from(value)];
    let digits = bytes.iter();
    let digits = digits.flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    String::from_utf8(digits.collect()).unwrap_or_default()
}

//! The names of folders, which stand for keys.

/// The folder name of a key: letters, digits, `-` and `_` unchanged, other bytes
/// as `%` and two hexadecimal digits.
pub(crate) fn name_of(key: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut name = String::with_capacity(key.len() + 8);
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            name.push(char::from(byte));
        } else {
            name.push('%');
            name.push(char::from(DIGITS[usize::from(byte >> 4)]));
            name.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    name
}

/// The key of a folder name; `None` for names that start with a dot, which are
/// being deleted.
pub(crate) fn key_of(name: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut parts = name.split('%');
    bytes.extend(parts.next().filter(|part| !part.starts_with('.'))?.bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(rest.bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_round_trip_through_folder_names() {
        for key in ["imdsim/state", "", "ü.%/-_", "..", "a%2fb"] {
            assert_eq!(key_of(&name_of(key)).as_deref(), Some(key));
        }
        assert_eq!(name_of("imdsim/state"), "imdsim%2fstate");
        assert_eq!(key_of(".gone-x"), None);
    }
}

//! Signatures of a document's latest writers, as random numbers.
//!
//! Without them, two writers storing the same change would write identical bytes,
//! and the loser of the race could not tell its own document from the other's.

/// Number of writers that a document names. A writer whose swap is reported as
/// failed finds its name as long as fewer writers than this followed it.
const MAX_WRITERS: usize = 8;

/// A writer's name: sixteen hexadecimal digits.
const NAME_LEN: usize = 16;

/// Text before the names, which start the document, newest first.
const BEGIN: &[u8] = b"{\"writers\":\"";

/// Text after the names.
const END: &[u8] = b"\",";

/// The name of a writer.
pub(crate) fn name(number: u64) -> String {
    format!("{number:016x}")
}

/// Adds to a document, a non-empty JSON object, the name of its writer and those
/// of the writers of the previous document.
pub(crate) fn sign(document: &[u8], before: Option<&[u8]>, name: &str) -> Vec<u8> {
    let rest = document.strip_prefix(b"{").unwrap_or_default();
    let earlier = names(before);
    let earlier = &earlier[..earlier.len().min((MAX_WRITERS - 1) * NAME_LEN)];
    [BEGIN, name.as_bytes(), earlier, END, rest].concat()
}

/// Whether a document names a writer among its latest.
pub(crate) fn is_signed(document: Option<&[u8]>, name: &str) -> bool {
    let mut names = names(document).chunks(NAME_LEN);
    names.any(|known| known == name.as_bytes())
}

/// The names in a document; empty if they are missing or malformed.
fn names(document: Option<&[u8]>) -> &[u8] {
    let names = || {
        let rest = document?.strip_prefix(BEGIN)?;
        let end = rest.iter().position(|byte| *byte == b'"')?;
        Some(&rest[..end])
    };
    names().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_names_the_latest_writers_and_keeps_the_rest() {
        let mut document = None;
        for number in 1..=20 {
            let signed = sign(br#"{"a":"b"}"#, document.as_deref(), &name(number));
            document = Some(signed);
        }
        let document = document.as_deref();
        for number in 0..=20 {
            assert_eq!(is_signed(document, &name(number)), number > 12, "{number}");
        }
        let end = br#"","a":"b"}"#;
        assert!(document.unwrap().ends_with(end));
    }

    #[test]
    fn unsigned_document_has_no_writers() {
        for document in [None, Some(&b"{}"[..]), Some(b""), Some(b"{\"writers\":\"")] {
            assert!(!is_signed(document, &name(0)));
            let signed = sign(br#"{"a":1}"#, document, &name(7));
            assert_eq!(signed, br#"{"writers":"0000000000000007","a":1}"#);
        }
    }
}

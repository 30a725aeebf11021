//! Who wrote a document: its last writers are named in it, by random numbers.
//!
//! Two writers who want to store the same would otherwise store the same bytes,
//! and whoever lost the race could not tell its own document from the other's.

/// How many writers a document names. A writer who is told that its swap failed
/// finds its name as long as fewer others have come after it.
const KEPT: usize = 8;

/// A writer's name: sixteen hexadecimal digits.
const NAME_LEN: usize = 16;

/// Before the names, which come first in a document and newest first.
const BEGIN: &[u8] = b"{\"writers\":\"";

/// Behind the names.
const END: &[u8] = b"\",";

/// The name of a writer.
pub(crate) fn name(number: u64) -> String {
    format!("{number:016x}")
}

/// A document, which is a JSON object and not an empty one, with the name of
/// its writer and those of the writers of the document before it.
pub(crate) fn sign(document: &[u8], before: Option<&[u8]>, name: &str) -> Vec<u8> {
    let rest = document.strip_prefix(b"{").unwrap_or_default();
    let earlier = names(before);
    let earlier = &earlier[..earlier.len().min((KEPT - 1) * NAME_LEN)];
    [BEGIN, name.as_bytes(), earlier, END, rest].concat()
}

/// Whether a writer is among the last ones of a document.
pub(crate) fn is_signed(document: Option<&[u8]>, name: &str) -> bool {
    let mut names = names(document).chunks(NAME_LEN);
    names.any(|known| known == name.as_bytes())
}

/// The names in a document; none if it has no or other ones.
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
    fn a_document_names_its_last_writers_and_is_the_same_otherwise() {
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
    fn a_document_without_names_was_written_by_nobody() {
        for document in [None, Some(&b"{}"[..]), Some(b""), Some(b"{\"writers\":\"")] {
            assert!(!is_signed(document, &name(0)));
            let signed = sign(br#"{"a":1}"#, document, &name(7));
            assert_eq!(signed, br#"{"writers":"0000000000000007","a":1}"#);
        }
    }
}

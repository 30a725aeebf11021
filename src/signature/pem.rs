//! PEM sections and base64 lines.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::problem::Problem;

/// A section from `-----BEGIN <label>-----` to `-----END <label>-----`.
pub(super) struct Section<'a> {
    pub(super) label: &'a str,
    /// The number of its first line.
    line: usize,
    body: &'a str,
}

/// Parses the sections of a text in order; other text is ignored.
pub(super) fn sections(text: &str) -> Result<Vec<Section<'_>>, Problem> {
    let mut sections = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let line = 1 + text[..text.len() - after.len()].matches('\n').count();
        let (label, after) = after.split_once(DASHES).unwrap_or_default();
        let Some((body, after)) = after.split_once(&format!("-----END {label}-----")) else {
            return Err(at(
                line,
                "this section has no END line; provide the whole section",
            ));
        };
        sections.push(Section { label, line, body });
        rest = after;
    }
    Ok(sections)
}

impl Section<'_> {
    /// Decodes the body.
    pub(super) fn der(&self) -> Result<Vec<u8>, Problem> {
        let text: String = self.body.split_ascii_whitespace().collect();
        STANDARD.decode(text).map_err(|_| {
            self.problem("this section is not base64; export it again, as openssl does")
        })
    }

    /// An error about this section.
    pub(super) fn problem(&self, message: &str) -> Problem {
        at(self.line, message)
    }
}

/// Formats a section.
pub(super) fn write(label: &str, der: &[u8]) -> String {
    let body = lines(der, PEM_WIDTH);
    format!("{BEGIN}{label}{DASHES}\n{body}\n-----END {label}-----\n")
}

/// Encodes base64 in lines of `width` digits, without a final newline.
pub(super) fn lines(bytes: &[u8], width: usize) -> String {
    let text = STANDARD.encode(bytes);
    let mut lines = String::with_capacity(text.len() + text.len() / width);
    for (index, digit) in text.chars().enumerate() {
        if index > 0 && index.is_multiple_of(width) {
            lines.push('\n');
        }
        lines.push(digit);
    }
    lines
}

fn at(line: usize, message: &str) -> Problem {
    Problem::new(format!("line {line}"), message)
}

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";
const PEM_WIDTH: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_sections_are_parsed() {
        let text = write("A", &[1; 50]) + "between\r\n" + &write("B C", &[2; 48]);
        let sections = sections(&text).unwrap();
        let read: Vec<_> = sections
            .iter()
            .map(|section| (section.label, section.line, section.der().unwrap()))
            .collect();
        assert_eq!(read, [("A", 1, vec![1; 50]), ("B C", 6, vec![2; 48])]);
    }

    #[test]
    fn spaces_may_replace_line_breaks() {
        let text = write("A", &[1; 100]).replace('\n', " ");
        assert_eq!(sections(&text).unwrap()[0].der().unwrap(), [1; 100]);
    }

    #[test]
    fn errors_name_the_line_of_a_broken_section() {
        let unfinished = sections("\n-----BEGIN A-----\nAAAA\n").err().unwrap();
        assert_eq!(
            unfinished.to_string(),
            "line 2: this section has no END line; provide the whole section"
        );
        let text = "-----BEGIN A-----\n?\n-----END A-----\n";
        let garbled = sections(text).unwrap()[0].der().unwrap_err();
        assert_eq!(
            garbled.to_string(),
            "line 1: this section is not base64; export it again, as openssl does"
        );
        assert!(sections("-----BEGIN ").is_err());
        assert!(sections("nothing").unwrap().is_empty());
    }

    #[test]
    fn only_the_last_line_is_short_and_no_newline_follows() {
        assert_eq!(lines(&[0; 6], 4), "AAAA\nAAAA");
        assert_eq!(lines(&[0; 7], 4), "AAAA\nAAAA\nAA==");
        assert_eq!(lines(&[], 4), "");
    }
}

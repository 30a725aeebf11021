//! `docs/faults.md`: a handwritten introduction, then a section for each fault with
//! a row for each client.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::files;

/// The parsed document.
#[derive(Default)]
pub(super) struct Document {
    introduction: String,
    /// By name of the fault preset.
    pub(super) sections: BTreeMap<String, Section>,
}

/// The section of one fault.
#[derive(Default)]
pub(super) struct Section {
    /// The preset's summary.
    pub(super) summary: String,
    /// The cells after the first in each client's row, by client.
    pub(super) rows: BTreeMap<String, String>,
}

/// Held while a trial changes the file.
static UPDATE_LOCK: Mutex<()> = Mutex::new(());

const TABLE: &str = "| | behaviour | requests |\n|---|---|---|";

impl Document {
    pub(super) fn read() -> Self {
        let text = std::fs::read_to_string(path()).unwrap_or_default();
        let mut parts = text.split("\n## ");
        Self {
            introduction: parts.next().unwrap_or_default().to_owned(),
            sections: parts.filter_map(Section::parse).collect(),
        }
    }

    /// Reads the document, changes it and writes it back.
    pub(super) fn update(change: impl FnOnce(&mut Self)) {
        let _guard = UPDATE_LOCK.lock().unwrap_or_else(PoisonError::into_inner);
        let mut document = Self::read();
        change(&mut document);
        std::fs::write(path(), document.to_string()).unwrap();
    }

    /// Sets a client's version in the introduction. Tests do not compare it,
    /// because any version may be installed.
    pub(super) fn set_version(&mut self, client: &str, version: &str) {
        let prefix = format!("* {client} ");
        let lines = self.introduction.lines().map(|line| {
            let rest = line.strip_prefix(&prefix);
            match rest.and_then(|rest| rest.split_once(',')) {
                Some((_, description)) => format!("{prefix}{version},{description}\n"),
                None => format!("{line}\n"),
            }
        });
        self.introduction = lines.collect();
    }
}

impl Section {
    /// Parses the text after a `##`.
    fn parse(text: &str) -> Option<(String, Self)> {
        let (name, rest) = text.split_once("\n\n")?;
        let (summary, table) = rest.split_once("\n\n")?;
        let rows = table.strip_prefix(TABLE)?.lines().filter_map(|line| {
            let cells = line.strip_prefix("| ")?.strip_suffix(" |")?;
            let (client, cells) = cells.split_once(" | ")?;
            Some((client.to_owned(), cells.to_owned()))
        });
        let section = Self {
            summary: summary.to_owned(),
            rows: rows.collect(),
        };
        Some((name.to_owned(), section))
    }
}

impl Display for Document {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.introduction.trim_end())?;
        for (name, section) in &self.sections {
            writeln!(f, "\n## {name}\n\n{}\n\n{TABLE}", section.summary)?;
            for (client, cells) in &section.rows {
                writeln!(f, "| {client} | {cells} |")?;
            }
        }
        Ok(())
    }
}

fn path() -> PathBuf {
    files::folder().join("../docs/faults.md")
}

//! `docs/clients.md`: the matrix as a page.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use libtest_mimic::{Failed, Trial};

use crate::hosts::Kind;
use crate::row::{Answer, Pointed, Row};
use crate::rows::ROWS;
use crate::transcript::files;

/// The four ways in which every row runs.
pub(crate) const WAYS: [(Kind, &str); 4] = [
    (Kind::Native, "optional"),
    (Kind::Native, "required"),
    (Kind::Wasmtime, "optional"),
    (Kind::Wasmtime, "required"),
];

/// Results of rows, by the numbers of row and way.
pub(crate) type Outcomes = Mutex<BTreeMap<(usize, usize), bool>>;

/// What must hold of the table, whichever clients are installed.
pub(crate) fn trials() -> [Trial; 2] {
    [
        Trial::test("docs/clients.md shows the matrix", || {
            let page = page(|_, _| Some(true));
            files::golden("../../docs/clients.md", &page).map_err(Failed::from)
        }),
        Trial::test("the matrix is sorted by name", || {
            let name = |row: &Row| row.name.replace('`', "").to_lowercase();
            assert!(ROWS.is_sorted_by_key(name));
            Ok(())
        }),
    ]
}

impl Row {
    /// What must come back where tokens are optional, or where they are required.
    pub(crate) fn answer(&self, tokens: &str) -> Answer {
        if tokens == "optional" {
            self.optional
        } else {
            self.required
        }
    }
}

/// The page, where every row ended as `outcome` says: `None` if it did not run.
pub(crate) fn page(outcome: impl Fn(usize, usize) -> Option<bool>) -> String {
    let mut page = INTRODUCTION.to_owned();
    for (number, row) in ROWS.iter().enumerate() {
        let pointed = match row.pointed {
            Pointed::Variable(value) => format!("`AWS_EC2_METADATA_SERVICE_ENDPOINT={value}`"),
            Pointed::Command(words) => format!("`{words}`"),
        };
        write!(
            page,
            "| {} | {} | {pointed} | `{}` |",
            row.name,
            row.version.describe(),
            row.command
        )
        .unwrap();
        for (way, (_, tokens)) in WAYS.iter().enumerate() {
            let cell = match (outcome(number, way), row.answer(tokens)) {
                (Some(true), Answer::Says(_)) => "works",
                (Some(true), Answer::Fails(_)) => "refused",
                (Some(false), _) => "**fails**",
                (None, _) => "not installed",
            };
            write!(page, " {cell} |").unwrap();
        }
        writeln!(page, " {} |", back(row)).unwrap();
    }
    page
}

/// What comes back, once where it is the same with tokens required.
fn back(row: &Row) -> String {
    let words = |answer| match answer {
        Answer::Says(words) | Answer::Fails(words) => words,
    };
    let quoted = |words: &[&str]| {
        let words = words
            .iter()
            .map(|word| format!("`{}`", word.trim_end().replace('\n', " ")));
        words.collect::<Vec<_>>().join(", ")
    };
    let (optional, required) = (words(row.optional), words(row.required));
    if optional == required {
        quoted(optional)
    } else {
        format!("{}; then {}", quoted(optional), quoted(required))
    }
}

const INTRODUCTION: &str = "\
# Clients that work

Each row is a client and one thing that it is asked for. The instance is that of `tests/data/describe-instances.json`, and the client runs in a network namespace that has nothing but loopback.
`E` is the emulator's address, `http://127.0.0.1:PORT`; `HOST` is the same without `http://`; `DIR` is an empty folder.
Names in braces are fields of the credentials that are served; the client must return the very same.
`refused` marks a client that does not support tokens, where tokens are required.
`minio` of npm reads `AccessKeyID`, which the real service does not have either, so it finds only the other fields.

`cargo xtask clients` runs all of this and writes this page; the rows are in `tests/clients/rows.rs`.

| client | version | pointed by | command | `imdsim`, tokens optional | required | `wasmtime serve`, tokens optional | required | what comes back |
|---|---|---|---|---|---|---|---|---|
";

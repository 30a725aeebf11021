//! `docs/clients.md`: the compatibility table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use libtest_mimic::{Failed, Trial};

use crate::hosts::HostKind;
use crate::row::{EndpointConfig, Expected, Row};
use crate::rows::ROWS;
use crate::transcript::files;

/// Host and token setting of every run of a row.
pub(crate) const CONFIGURATIONS: [(HostKind, &str); 4] = [
    (HostKind::Native, "optional"),
    (HostKind::Native, "required"),
    (HostKind::Wasmtime, "optional"),
    (HostKind::Wasmtime, "required"),
];

/// Whether a run succeeded, by the indices of row and configuration.
pub(crate) type Outcomes = Mutex<BTreeMap<(usize, usize), bool>>;

/// Trials of the table, which need no client.
pub(crate) fn trials() -> [Trial; 2] {
    [
        Trial::test("docs/clients.md is up to date", || {
            let page = page(|_, _| Some(true));
            files::golden("../../docs/clients.md", &page).map_err(Failed::from)
        }),
        Trial::test("the compatibility table is sorted by name", || {
            let name = |row: &Row| row.name.replace('`', "").to_lowercase();
            assert!(ROWS.is_sorted_by_key(name));
            Ok(())
        }),
    ]
}

impl Row {
    /// The expected result with tokens `optional` or `required`.
    pub(crate) fn expected(&self, tokens: &str) -> Expected {
        if tokens == "optional" {
            self.optional
        } else {
            self.required
        }
    }
}

/// The page. `outcome` returns whether a run succeeded, or `None` if it did not
/// run.
pub(crate) fn page(outcome: impl Fn(usize, usize) -> Option<bool>) -> String {
    let mut page = INTRODUCTION.to_owned();
    for (index, row) in ROWS.iter().enumerate() {
        let endpoint_config = match row.endpoint_config {
            EndpointConfig::Variable(value) => {
                format!("`AWS_EC2_METADATA_SERVICE_ENDPOINT={value}`")
            }
            EndpointConfig::Command(text) => format!("`{text}`"),
        };
        write!(
            page,
            "| {} | {} | {endpoint_config} | `{}` |",
            row.name,
            row.version.describe(),
            row.command
        )
        .unwrap();
        for (configuration, (_, tokens)) in CONFIGURATIONS.iter().enumerate() {
            let cell = match (outcome(index, configuration), row.expected(tokens)) {
                (Some(true), Expected::Succeeds(_)) => "works",
                (Some(true), Expected::Fails(_)) => "refused",
                (Some(false), _) => "**fails**",
                (None, _) => "not installed",
            };
            write!(page, " {cell} |").unwrap();
        }
        writeln!(page, " {} |", expected_cell(row)).unwrap();
    }
    page
}

/// The expected output with optional and required tokens, once if both are the
/// same.
fn expected_cell(row: &Row) -> String {
    let parts = |expected| match expected {
        Expected::Succeeds(parts) | Expected::Fails(parts) => parts,
    };
    let quoted = |parts: &[&str]| {
        let parts = parts
            .iter()
            .map(|part| format!("`{}`", part.trim_end().replace('\n', " ")));
        parts.collect::<Vec<_>>().join(", ")
    };
    let (optional, required) = (parts(row.optional), parts(row.required));
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

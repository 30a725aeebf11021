//! The report of `--report FILE`: the requests, the clients, and the results of
//! the assertions.

use std::fmt::Write as _;
use std::path::Path;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use super::RunFlags;
use super::assertions::{self, Assertions};
use super::calls::Call;
use super::imdsv2_readiness::{self, Client, Compatibility};
use super::recorder::Record;

/// The contents of a report.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The command and its arguments.
    pub(crate) command: Vec<String>,
    pub(crate) exit_status: u8,
    pub(crate) assertions: Vec<Assertions>,
    /// The one-line summary.
    pub(crate) summary: String,
    /// Whether every client is ready for `HttpTokens=required`, if known.
    pub(crate) ready_for_required_tokens: Option<bool>,
    pub(crate) clients: Vec<Client>,
    pub(crate) calls: Vec<Call>,
}

impl Report {
    /// Evaluates the recorded requests.
    pub(super) fn new(flags: &RunFlags, record: Record, exit_status: u8) -> Self {
        let clients = imdsv2_readiness::clients(&record.calls);
        let mut assertions = Vec::new();
        if flags.assert_no_v1 {
            let silence_is_fine = flags.allow_no_requests;
            assertions.push(assertions::no_v1(&clients, record.lost, silence_is_fine));
        }
        let patterns = flags.assert_requested.iter();
        assertions.extend(patterns.map(|pattern| assertions::requested(pattern, &record)));
        let breaks = |client: &Client| client.compatibility == Compatibility::Breaks;
        let command = flags.command.iter();
        Self {
            command: command
                .map(|part| part.to_string_lossy().into_owned())
                .collect(),
            exit_status,
            assertions,
            ready_for_required_tokens: if clients.iter().any(breaks) {
                Some(false)
            } else {
                (!clients.is_empty() && record.lost == 0).then_some(true)
            },
            summary: assertions::summary(&clients, &record, flags.namespace),
            clients,
            calls: record.calls,
        }
    }

    /// Formats the report by its file extension.
    pub(crate) fn text(&self, path: &Path) -> String {
        if path.extension().is_some_and(|end| end == "xml") {
            self.to_junit()
        } else {
            self.to_json()
        }
    }

    /// The JSON form.
    fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("nothing in a report can fail to be JSON") + "\n"
    }

    /// The JUnit XML form: the command and each assertion are tests, and the
    /// clients are in the output of the suite.
    fn to_junit(&self) -> String {
        let mut suite = TestSuite::new(SUITE);
        let failed = (self.exit_status != 0)
            .then(|| format!("the command ended with status {}", self.exit_status));
        suite.add_test_case(test(&self.command.join(" "), failed.as_slice()));
        for judgement in &self.assertions {
            suite.add_test_case(test(&judgement.assertion, &judgement.failures));
        }
        suite.set_system_out(xml(&self.compatibility_lines()));
        let mut report = quick_junit::Report::new(SUITE);
        report.add_test_suite(suite);
        let text = report.to_string();
        text.expect("text is written without failure")
    }

    /// The summary, and a line for each client.
    fn compatibility_lines(&self) -> String {
        let mut lines = format!("{}\nUnder HttpTokens=required:\n", self.summary);
        for client in &self.clients {
            let fate = match client.compatibility {
                Compatibility::Ready => "works",
                Compatibility::Recovers => "works, after a refusal",
                Compatibility::Breaks => "breaks",
            };
            let (name, all, v1) = (&client.name, client.requests, client.without_token);
            let habits = client.asks_for.join(", ");
            let _ = writeln!(
                lines,
                "{name}: {fate}; {v1} of {all} requests without a token ({habits})"
            );
        }
        lines
    }
}

/// The name of the test suite.
const SUITE: &str = "imdsim run";

/// Replaces characters that XML 1.0 cannot represent with U+FFFD: most control
/// characters, U+FFFE and U+FFFF.
fn xml(text: &str) -> String {
    let is_allowed = |character: &char| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    let characters = text.chars();
    characters
        .map(|character| {
            if is_allowed(&character) {
                character
            } else {
                char::REPLACEMENT_CHARACTER
            }
        })
        .collect()
}

fn test(name: &str, failures: &[String]) -> TestCase {
    let mut status = TestCaseStatus::success();
    if !failures.is_empty() {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(xml(&failures.join("\n")));
    }
    let mut case = TestCase::new(xml(name), status);
    case.set_classname(SUITE);
    case
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::calls::tests::calls;

    fn report() -> Report {
        let calls = calls(&[
            ("curl/8", 2, "/latest/api/token", 200),
            ("a<b>\u{1}", 1, "/latest/user-data", 200),
        ]);
        let flags = RunFlags {
            command: ["sh", "-c", "exit 3"].map(Into::into).to_vec(),
            assert_no_v1: true,
            assert_requested: vec!["/latest/**".into()],
            ..RunFlags::default()
        };
        Report::new(&flags, Record { calls, lost: 0 }, 3)
    }

    #[test]
    fn without_clients_readiness_is_unknown() {
        let report = Report::new(&RunFlags::default(), Record::default(), 0);
        let document: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
        assert!(document["ready_for_required_tokens"].is_null());
    }

    #[test]
    fn junit_is_valid_xml_for_any_user_agent() {
        let calls = calls(&[("\u{fffe}\u{ffff}\u{1b}x", 1, "/", 200)]);
        let flags = RunFlags {
            assert_no_v1: true,
            ..RunFlags::default()
        };
        let text = Report::new(&flags, Record { calls, lost: 0 }, 0).to_junit();
        assert!(text.contains("\u{fffd}\u{fffd}\u{fffd}x: breaks"), "{text}");
        assert!(!text.contains(['\u{fffe}', '\u{ffff}', '\u{1b}']), "{text}");
    }

    #[test]
    fn json_has_the_calls_and_the_breaking_clients() {
        let document: serde_json::Value = serde_json::from_str(&report().to_json()).unwrap();
        assert_eq!(document["command"][2], "exit 3");
        assert_eq!(document["exit_status"], 3);
        assert_eq!(document["ready_for_required_tokens"], false);
        assert_eq!(document["clients"][0]["verdict"], "ready");
        assert_eq!(document["clients"][1]["verdict"], "breaks");
        assert_eq!(
            document["clients"][1]["paths_without_token"][0],
            "/latest/user-data"
        );
        assert_eq!(document["assertions"][0]["assertion"], "--assert-no-v1");
        assert!(document["assertions"][0]["failures"][0].is_string());
        assert_eq!(document["calls"][0]["path"], "/latest/api/token");
    }

    #[test]
    fn junit_has_a_test_for_the_command_and_each_assertion() {
        let xml = report().to_junit();
        assert!(xml.contains(r#"tests="3""#), "{xml}");
        assert!(xml.contains(r#"failures="2""#), "{xml}");
        assert!(xml.contains("the command ended with status 3"), "{xml}");
        assert!(xml.contains("a&lt;b&gt;"), "{xml}");
        assert!(!xml.contains('\u{1}'), "{xml}");
        assert!(
            xml.contains("curl/8: works; 0 of 1 requests without a token"),
            "{xml}"
        );
    }
}

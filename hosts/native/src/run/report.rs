//! `--report FILE`: what was asked, by whom, and what follows from it.

use std::fmt::Write as _;
use std::path::Path;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use super::calls::Call;
use super::judgement::Judgement;
use super::readiness::{Client, Verdict};

/// What is known once the command has ended.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The command and its arguments.
    pub(crate) command: Vec<String>,
    pub(crate) exit_status: u8,
    pub(crate) assertions: Vec<Judgement>,
    /// Whether every client would do under `HttpTokens=required`.
    pub(crate) ready_for_required_tokens: bool,
    pub(crate) clients: Vec<Client>,
    pub(crate) calls: Vec<Call>,
}

impl Report {
    /// In the form that the name of its file asks for.
    pub(crate) fn text(&self, path: &Path) -> String {
        if path.extension().is_some_and(|end| end == "xml") {
            self.to_junit()
        } else {
            self.to_json()
        }
    }

    /// As a JSON document.
    fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.expect("nothing in a report can fail to be JSON") + "\n"
    }

    /// As the XML that CI systems read: the command and each assertion are a
    /// test; who needs IMDSv1 is in the output of all.
    fn to_junit(&self) -> String {
        let mut suite = TestSuite::new(SUITE);
        let failed = (self.exit_status != 0)
            .then(|| format!("the command ended with status {}", self.exit_status));
        suite.add_test_case(test(self.command.join(" "), failed.as_slice()));
        for judgement in &self.assertions {
            suite.add_test_case(test(judgement.assertion.clone(), &judgement.failures));
        }
        suite.set_system_out(self.summary());
        let mut report = quick_junit::Report::new(SUITE);
        report.add_test_suite(suite);
        let text = report.to_string();
        text.expect("text is written without failure")
    }

    /// A line for each client.
    fn summary(&self) -> String {
        let mut lines = String::from("Under HttpTokens=required:\n");
        for client in &self.clients {
            let fate = match client.verdict {
                Verdict::Ready => "works",
                Verdict::Recovers => "works, after a refusal",
                Verdict::Breaks => "breaks",
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

/// What CI systems call all of it.
const SUITE: &str = "imdsim run";

fn test(name: String, failures: &[String]) -> TestCase {
    let mut status = TestCaseStatus::success();
    if !failures.is_empty() {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(failures.join("\n"));
    }
    let mut case = TestCase::new(name, status);
    case.set_classname(SUITE);
    case
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::calls::tests::calls;
    use crate::run::judgement::{no_v1, requested};
    use crate::run::readiness::clients;

    fn report() -> Report {
        let calls = calls(&[
            ("curl/8", 2, "/latest/api/token", 200),
            ("a<b>\u{1}", 1, "/latest/user-data", 200),
        ]);
        let clients = clients(&calls);
        Report {
            command: vec!["sh".into(), "-c".into(), "exit 3".into()],
            exit_status: 3,
            assertions: vec![no_v1(&clients, false), requested("/latest/**", 2)],
            ready_for_required_tokens: false,
            clients,
            calls,
        }
    }

    #[test]
    fn json_has_the_calls_and_who_would_break() {
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

//! Evaluates the `--assert-…` flags against the recorded requests.

use imdsim::path_matches;
use serde::Serialize;

use super::imdsv2_readiness::Client;
use super::recorder::Record;

/// The result of an assertion.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Assertions {
    pub(crate) assertion: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) failures: Vec<String>,
}

/// Maximum paths in a message.
const MAX_PATHS: usize = 5;

/// Evaluates `--assert-no-v1`. It fails without any request, unless
/// `allow_no_requests`.
pub(super) fn no_v1(clients: &[Client], lost: usize, allow_no_requests: bool) -> Assertions {
    let mut failures: Vec<String> = clients.iter().filter_map(used_v1).collect();
    if failures.is_empty() && lost > 0 {
        failures.push(full(lost));
    }
    if clients.is_empty() && lost == 0 && !allow_no_requests {
        failures.push(
            "no request came, which proves nothing; if that is right, allow it by \
             --allow-no-requests"
                .into(),
        );
    }
    Assertions {
        assertion: "--assert-no-v1".into(),
        failures,
    }
}

/// Evaluates one `--assert-requested`.
pub(super) fn requested(pattern: &str, record: &Record) -> Assertions {
    let mut paths = record.calls.iter().map(|call| &*call.path);
    let failures = if paths.any(|path| path_matches(pattern, path)) {
        Vec::new()
    } else if record.lost > 0 {
        vec![full(record.lost)]
    } else {
        vec!["nobody asked for such a path".into()]
    };
    Assertions {
        assertion: format!("--assert-requested {pattern}"),
        failures,
    }
}

/// The message for a full journal, after which requests are lost.
fn full(lost: usize) -> String {
    let more = counted(lost, "more request");
    format!("the journal was full, and {more} not seen; set IMDSIM_JOURNAL to more entries")
}

/// A one-line summary of the requests.
pub(super) fn summary(clients: &[Client], record: &Record, is_namespace: bool) -> String {
    let total = record.calls.len() + record.lost;
    if total == 0 {
        let advice = "; a program that follows neither AWS_EC2_METADATA_SERVICE_ENDPOINT nor \
            http_proxy passes the emulator by, which --namespace prevents";
        return format!("no request came{}", if is_namespace { "" } else { advice });
    }
    let without: usize = clients.iter().map(|client| client.without_token).sum();
    let tokens = match (without, record.lost) {
        (0, 0) => "all with tokens".to_owned(),
        (0, lost) => format!("those that were seen with tokens, {lost} not seen"),
        (count, _) => format!("{count} without a token"),
    };
    let (requests, clients) = (counted(total, "request"), counted(clients.len(), "client"));
    format!("{requests} from {clients}, {tokens}")
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn used_v1(client: &Client) -> Option<String> {
    let (name, requests) = (&client.name, client.without_token);
    let known = client.paths_without_token.iter().take(MAX_PATHS);
    let mut paths: Vec<String> = known.cloned().collect();
    if let more @ 1.. = client.paths_without_token.len() - paths.len() {
        paths.push(format!("{more} more"));
    }
    let paths = paths.join(", ");
    let requests = match requests {
        0 => return None,
        1 => "a request".to_owned(),
        _ => format!("{requests} requests"),
    };
    let remedy = client.remedy.unwrap_or("have it ask with a token at once");
    Some(format!(
        "{name} sent {requests} without a token, for {paths}; {remedy}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::calls::tests::calls;
    use crate::run::imdsv2_readiness::clients;

    #[test]
    fn a_client_without_tokens_is_reported_with_its_paths() {
        let clients = clients(&calls(&[
            ("Boto/2.49.0", 1, "/latest/meta-data/instance-id", 200),
            ("Boto/2.49.0", 1, "/latest/meta-data/instance-id", 200),
            ("curl/8", 2, "/latest/meta-data/instance-id", 200),
            ("wget/1", 1, "/latest/user-data", 404),
        ]));
        assert_eq!(
            no_v1(&clients, 0, false).failures,
            [
                "Boto/2.49.0 sent 2 requests without a token, for \
                 /latest/meta-data/instance-id; boto 2 does not support tokens; migrate to boto3",
                "wget/1 sent a request without a token, for /latest/user-data; \
                 ask PUT /latest/api/token for a token, and send it as X-aws-ec2-metadata-token",
            ]
        );
    }

    #[test]
    fn only_the_first_paths_are_reported() {
        let paths: Vec<String> = (0..7).map(|n| format!("/latest/{n}")).collect();
        let rows: Vec<_> = paths
            .iter()
            .map(|path| ("x", 1, path.as_str(), 404))
            .collect();
        let failures = no_v1(&clients(&calls(&rows)), 0, false).failures;
        assert!(failures[0].contains("/latest/4, 2 more; "), "{failures:?}");
    }

    fn record(rows: &[(&str, u8, &str, u16)], lost: usize) -> Record {
        let calls = calls(rows);
        Record { calls, lost }
    }

    const TOKEN: (&str, u8, &str, u16) = ("x", 2, "/latest/api/token", 200);

    #[test]
    fn requests_with_tokens_pass_and_no_requests_if_allowed() {
        let tokens = clients(&calls(&[TOKEN]));
        assert!(no_v1(&tokens, 0, false).failures.is_empty());
        assert!(no_v1(&[], 0, true).failures.is_empty());
        let said = no_v1(&[], 0, false).failures;
        assert!(said[0].starts_with("no request came"), "{said:?}");
    }

    #[test]
    fn a_full_journal_fails_the_assertions() {
        let full = "the journal was full, and 1 more request not seen; \
            set IMDSIM_JOURNAL to more entries";
        assert_eq!(no_v1(&clients(&calls(&[TOKEN])), 1, true).failures, [full]);
        assert_eq!(
            requested("/latest/*", &record(&[TOKEN], 1)).failures,
            [full]
        );
        let found = requested("/latest/api/*", &record(&[TOKEN], 1));
        assert!(found.failures.is_empty());
    }

    #[test]
    fn a_path_must_have_been_requested() {
        let record = record(&[TOKEN], 0);
        assert!(requested("/latest/**", &record).failures.is_empty());
        assert_eq!(
            requested("/latest/*", &record),
            Assertions {
                assertion: "--assert-requested /latest/*".into(),
                failures: vec!["nobody asked for such a path".into()],
            }
        );
    }

    #[test]
    fn the_summary_is_one_line() {
        let said = |rows: &[_], lost| {
            let record = record(rows, lost);
            summary(&clients(&record.calls), &record, true)
        };
        assert_eq!(said(&[], 0), "no request came");
        assert_eq!(
            said(&[TOKEN], 0),
            "1 request from 1 client, all with tokens"
        );
        assert_eq!(
            said(&[TOKEN, TOKEN, ("y", 1, "/", 200)], 0),
            "3 requests from 2 clients, 1 without a token"
        );
        assert_eq!(
            said(&[TOKEN], 7),
            "8 requests from 1 client, those that were seen with tokens, 7 not seen"
        );
        let silence = summary(&[], &Record::default(), false);
        assert!(silence.contains("--namespace"), "{silence}");
    }
}

//! What `--assert-…` makes of the calls.

use serde::Serialize;

use super::readiness::Client;

/// One assertion, and why it does not hold, if so.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Judgement {
    pub(crate) assertion: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) failures: Vec<String>,
}

/// How many paths a sentence names.
const MAX_PATHS: usize = 5;

/// Judges `--assert-no-v1`. Of a journal that is full, earlier calls are gone,
/// and nobody knows which.
pub(crate) fn no_v1(clients: &[Client], journal_is_full: bool) -> Judgement {
    let mut failures: Vec<String> = clients.iter().filter_map(used_v1).collect();
    if journal_is_full && failures.is_empty() {
        failures.push(
            "the journal is full, so that earlier requests were not seen; \
             set IMDSIM_JOURNAL to more entries"
                .into(),
        );
    }
    Judgement {
        assertion: "--assert-no-v1".into(),
        failures,
    }
}

/// Judges one `--assert-requested`, for which `count` calls were found.
pub(crate) fn requested(pattern: &str, count: u64) -> Judgement {
    let failures = if count > 0 {
        Vec::new()
    } else {
        vec!["nobody asked for such a path".into()]
    };
    Judgement {
        assertion: format!("--assert-requested {pattern}"),
        failures,
    }
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
    use crate::run::readiness::clients;

    #[test]
    fn who_used_no_token_is_named_with_the_path() {
        let clients = clients(&calls(&[
            ("Boto/2.49.0", 1, "/latest/meta-data/instance-id", 200),
            ("Boto/2.49.0", 1, "/latest/meta-data/instance-id", 200),
            ("curl/8", 2, "/latest/meta-data/instance-id", 200),
            ("wget/1", 1, "/latest/user-data", 404),
        ]));
        assert_eq!(
            no_v1(&clients, false).failures,
            [
                "Boto/2.49.0 sent 2 requests without a token, for \
                 /latest/meta-data/instance-id; boto 2 knows no tokens; move to boto3",
                "wget/1 sent a request without a token, for /latest/user-data; \
                 ask PUT /latest/api/token for a token, and send it as X-aws-ec2-metadata-token",
            ]
        );
    }

    #[test]
    fn of_many_paths_a_few_are_named() {
        let paths: Vec<String> = (0..7).map(|n| format!("/latest/{n}")).collect();
        let rows: Vec<_> = paths
            .iter()
            .map(|path| ("x", 1, path.as_str(), 404))
            .collect();
        let failures = no_v1(&clients(&calls(&rows)), false).failures;
        assert!(failures[0].contains("/latest/4, 2 more; "), "{failures:?}");
    }

    #[test]
    fn tokens_everywhere_satisfy_and_so_does_silence() {
        let tokens = calls(&[("x", 2, "/latest/api/token", 200)]);
        assert!(no_v1(&clients(&tokens), false).failures.is_empty());
        assert!(no_v1(&[], false).failures.is_empty());
    }

    #[test]
    fn a_full_journal_proves_nothing() {
        let said = no_v1(&[], true).failures;
        assert!(said[0].starts_with("the journal is full"), "{said:?}");
    }

    #[test]
    fn a_path_must_have_been_asked_for() {
        assert!(requested("/latest/**", 1).failures.is_empty());
        assert_eq!(
            requested("/latest/**", 0),
            Judgement {
                assertion: "--assert-requested /latest/**".into(),
                failures: vec!["nobody asked for such a path".into()],
            }
        );
    }
}

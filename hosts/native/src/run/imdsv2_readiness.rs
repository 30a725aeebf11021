//! Clients that would break under `HttpTokens=required`.
//!
//! A client is identified by its `User-Agent`, or else by the API version of
//! its requests. The kinds of data it requests help users to recognize it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::calls::Call;

/// A client, and its IMDSv2 readiness.
#[derive(Debug, Serialize)]
pub(crate) struct Client {
    /// The user agent, or a substitute.
    #[serde(rename = "client")]
    pub(crate) name: String,
    /// The number of its requests.
    pub(crate) requests: usize,
    /// The number of its requests without a token.
    pub(crate) without_token: usize,
    #[serde(rename = "verdict")]
    pub(crate) compatibility: Compatibility,
    /// The kinds of data it requests.
    pub(crate) asks_for: Vec<&'static str>,
    /// The paths of its requests without a token.
    pub(crate) paths_without_token: BTreeSet<String>,
    /// How to fix it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remedy: Option<&'static str>,
}

/// The readiness of a client for required tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Compatibility {
    /// It always uses tokens.
    Ready,
    /// It retries with a token after a 401.
    Recovers,
    /// It does not use tokens, or not always.
    Breaks,
}

/// Returns all clients, in the order of their first requests.
pub(crate) fn clients(calls: &[Call]) -> Vec<Client> {
    let mut names: Vec<String> = Vec::new();
    for call in calls {
        let name = name(call);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let of = |wanted: &String| -> Vec<&Call> {
        calls.iter().filter(|call| name(call) == *wanted).collect()
    };
    names
        .into_iter()
        .map(|name| client(&of(&name), name))
        .collect()
}

fn name(call: &Call) -> String {
    match &call.user_agent {
        Some(agent) if !agent.trim().is_empty() => agent.clone(),
        _ => format!(
            "a client without User-Agent that asks below /{}",
            call.path
                .split('/')
                .find(|step| !step.is_empty())
                .unwrap_or_default()
        ),
    }
}

fn client(calls: &[&Call], name: String) -> Client {
    let without_token: Vec<&Call> = calls.iter().copied().filter(|call| call.is_v1()).collect();
    let compatibility = if without_token.is_empty() {
        Compatibility::Ready
    } else if recovers(calls) {
        Compatibility::Recovers
    } else {
        Compatibility::Breaks
    };
    Client {
        requests: calls.len(),
        without_token: without_token.len(),
        compatibility,
        asks_for: requested_data(calls),
        paths_without_token: without_token.iter().map(|call| call.path.clone()).collect(),
        remedy: (compatibility == Compatibility::Breaks).then(|| remedy(&name)),
        name,
    }
}

/// Whether every request without a token was answered 401 and then repeated
/// with one.
fn recovers(calls: &[&Call]) -> bool {
    calls.iter().enumerate().all(|(index, call)| {
        let again = |later: &&Call| !later.is_v1() && later.path == call.path;
        !call.is_v1() || (call.status == Some(401) && calls[index..].iter().any(again))
    })
}

/// Returns the kinds of data a client requests.
fn requested_data(calls: &[&Call]) -> Vec<&'static str> {
    let paths: BTreeSet<&str> = calls.iter().map(|call| call.path.as_str()).collect();
    if paths.len() > WHOLE_TREE {
        return vec!["the whole tree"];
    }
    let asked = |part: &str| paths.iter().any(|path| path.contains(part));
    REQUESTED_DATA
        .iter()
        .filter(|(part, _)| asked(part))
        .map(|(_, habit)| *habit)
        .collect()
}

fn remedy(name: &str) -> &'static str {
    REMEDIES
        .iter()
        .find(|(start, _)| name.starts_with(start))
        .map_or(ASK_FOR_A_TOKEN, |(_, remedy)| *remedy)
}

/// Only crawlers request more paths than this.
const WHOLE_TREE: usize = 40;

/// Parts of paths, and their kinds of data.
#[rustfmt::skip]
const REQUESTED_DATA: [(&str, &str); 10] = [
    ("/autoscaling/",              "the lifecycle state"),
    ("/events/",                   "notices of events"),
    ("/iam/security-credentials",  "role credentials"),
    ("/identity-credentials/",     "identity credentials"),
    ("/instance-id",               "the instance id"),
    ("/instance-identity/",        "the identity document"),
    ("/network/",                  "the network"),
    ("/placement/",                "the Region or zone"),
    ("/spot/",                     "Spot notices"),
    ("/user-data",                 "user data"),
];

const ASK_FOR_A_TOKEN: &str =
    "ask PUT /latest/api/token for a token, and send it as X-aws-ec2-metadata-token";

/// Prefixes of user agents, longer ones first, with the first release that
/// supports tokens according to the EC2 User Guide.
#[rustfmt::skip]
const REMEDIES: [(&str, &str); 11] = [
    ("Boto/2",          "boto 2 does not support tokens; migrate to boto3"),
    ("Boto3/",          "use boto3 1.12.6 or later"),
    ("aws-cli/1",       "use the AWS CLI 1.16.289 or later"),
    ("aws-sdk-cpp/",    "use version 1.7.229 of the SDK or later"),
    ("aws-sdk-go-v2/",  "use version 0.19.0 of the SDK or later"),
    ("aws-sdk-go/",     "use version 1.25.38 of the SDK or later"),
    ("aws-sdk-java/1",  "use version 1.11.678 of the SDK or later"),
    ("aws-sdk-java/2",  "use version 2.10.21 of the SDK or later"),
    ("aws-sdk-nodejs/", "use version 2.722.0 of the SDK or later, and not its MetadataService"),
    ("aws-sdk-php/",    "use version 3.147.7 of the SDK or later"),
    ("aws-sdk-ruby3/",  "use version 3.79.0 of the SDK or later"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::calls::tests::calls;

    #[track_caller]
    fn check(rows: &[(&str, u8, &str, u16)], expected: &[(&str, Compatibility)]) {
        let clients = clients(&calls(rows));
        let found: Vec<(&str, Compatibility)> = clients
            .iter()
            .map(|client| (client.name.as_str(), client.compatibility))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_client_with_tokens_is_ready() {
        check(
            &[
                ("curl/8", 2, "/latest/api/token", 200),
                ("curl/8", 2, "/latest/meta-data/", 200),
            ],
            &[("curl/8", Compatibility::Ready)],
        );
    }

    #[test]
    fn one_request_without_a_token_breaks() {
        check(
            &[
                ("curl/8", 2, "/latest/api/token", 200),
                ("Boto/2.49.0", 1, "/latest/meta-data/", 200),
                ("curl/8", 1, "/latest/meta-data/", 200),
            ],
            &[
                ("curl/8", Compatibility::Breaks),
                ("Boto/2.49.0", Compatibility::Breaks),
            ],
        );
    }

    #[test]
    fn a_client_that_retries_with_a_token_recovers() {
        let refused = ("x", 1, "/latest/user-data", 401);
        let again = ("x", 2, "/latest/user-data", 200);
        check(&[refused, again], &[("x", Compatibility::Recovers)]);
        check(&[again, refused], &[("x", Compatibility::Breaks)]);
        check(&[refused], &[("x", Compatibility::Breaks)]);
        let elsewhere = ("x", 2, "/latest/meta-data/", 200);
        check(&[refused, elsewhere], &[("x", Compatibility::Breaks)]);
    }

    #[test]
    fn clients_without_a_user_agent_are_distinguished_by_version() {
        check(
            &[
                ("", 1, "/2009-04-04/meta-data/", 200),
                (" ", 2, "/latest/meta-data/", 200),
                ("", 1, "//2009-04-04/user-data", 404),
            ],
            &[
                (
                    "a client without User-Agent that asks below /2009-04-04",
                    Compatibility::Breaks,
                ),
                (
                    "a client without User-Agent that asks below /latest",
                    Compatibility::Ready,
                ),
            ],
        );
    }

    #[test]
    fn a_breaking_client_has_paths_data_and_a_remedy() {
        let clients = clients(&calls(&[
            (
                "Boto/2.49.0",
                1,
                "/latest/meta-data/iam/security-credentials/",
                200,
            ),
            ("Boto/2.49.0", 1, "/latest/meta-data/placement/region", 200),
            ("wget/1", 1, "/latest/meta-data/placement/region", 200),
        ]));
        let boto = &clients[0];
        assert_eq!((boto.requests, boto.without_token), (2, 2));
        assert_eq!(boto.asks_for, ["role credentials", "the Region or zone"]);
        assert_eq!(boto.paths_without_token.len(), 2);
        assert_eq!(
            boto.remedy,
            Some("boto 2 does not support tokens; migrate to boto3")
        );
        assert_eq!(clients[1].remedy, Some(ASK_FOR_A_TOKEN));
    }

    #[test]
    fn a_crawler_requests_the_whole_tree() {
        let paths: Vec<String> = (0..=WHOLE_TREE).map(|n| format!("/latest/{n}")).collect();
        let rows: Vec<_> = paths
            .iter()
            .map(|path| ("x", 2, path.as_str(), 200))
            .collect();
        assert_eq!(clients(&calls(&rows))[0].asks_for, ["the whole tree"]);
    }
}

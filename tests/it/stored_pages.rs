//! Pages stored for new component instances are those that the instance has.

use std::time::Duration;

use http::Method;
use imdsim::Connection;

use crate::client::Client;

/// Pages that are stored, that are not, and that do not exist.
const PATHS: [&str; 12] = [
    "/latest/meta-data/",
    "/latest/meta-data/instance-id",
    "/latest//meta-data/instance-id",
    "/latest/meta-data/network/interfaces/macs/",
    "/latest/meta-data/tags/instance/",
    "/latest/meta-data/iam/security-credentials/",
    "/latest/meta-data/spot/instance-action",
    "/latest/meta-data/x",
    "/latest/meta-data/missing",
    "/latest/user-data",
    "/latest/dynamic/instance-identity/document",
    "/2009-04-04/meta-data/hostname",
];

/// A long description, so that its pages are stored.
fn instance() -> String {
    let tags: Vec<_> = (0..50)
        .map(|tag| format!(r#"{{"Key": "tag{tag}", "Value": "{}"}}"#, "v".repeat(40)))
        .collect();
    format!(
        r#"{{"InstanceId": "i-0123456789abcdef0", "Tags": [{}],
            "MetadataOptions": {{"InstanceMetadataTags": "enabled", "HttpTokens": "optional"}},
            "Imdsim": {{"UserData": "aGVsbG8="}}}}"#,
        tags.join(",")
    )
}

/// A client whose emulator is new for each request, and one without stored pages.
struct Pair {
    stored: Client,
    derived: Client,
    /// The number of answers from stored pages.
    hits: usize,
}

impl Pair {
    fn new() -> Self {
        let instance = instance();
        let settings = [("instance", instance.as_str())];
        Self {
            stored: Client::new(&settings),
            derived: Client::new(&settings),
            hits: 0,
        }
    }

    /// Sends a request to both and compares the responses.
    fn compare(&mut self, method: &Method, path: &str, token: Option<&str>) {
        let headers: Vec<_> = token
            .map(|token| ("X-aws-ec2-metadata-token", token))
            .into_iter()
            .collect();
        self.stored.restart();
        let writes = self.stored.writes;
        let had = self.pages();
        let stored = self.stored.call(method.clone(), path, &headers);
        self.hits += usize::from(stored.status() == 200 && had > 0 && writes == self.stored.writes);
        self.derived.restart();
        self.derived
            .store
            .retain(|key, _| !key.starts_with("imdsim/pages/"));
        let derived = self.derived.call(method.clone(), path, &headers);
        assert_eq!(
            format!("{stored:?}"),
            format!("{derived:?}"),
            "{method} {path}"
        );
    }

    fn pages(&self) -> usize {
        let keys = self.stored.store.keys();
        keys.filter(|key| key.starts_with("imdsim/pages/")).count()
    }

    fn compare_all(&mut self, token: &str) {
        for path in PATHS {
            for method in [Method::GET, Method::HEAD, Method::GET, Method::POST] {
                for token in [None, Some(token), Some("forged")] {
                    self.compare(&method, path, token);
                }
            }
        }
    }

    fn control(&mut self, method: &Method, path: &str, body: &str) {
        for client in [&mut self.stored, &mut self.derived] {
            client.restart();
            client.control(method.clone(), path, body);
        }
    }

    fn token(&mut self) -> String {
        let token = self.stored.token("21600");
        assert_eq!(self.derived.token("21600"), token);
        token
    }

    fn pass(&mut self, time: Duration) {
        let time = i64::try_from(time.as_millis()).unwrap();
        for client in [&mut self.stored, &mut self.derived] {
            client.now.0 += time;
        }
    }
}

#[test]
fn stored_pages_answer_like_the_instance_through_time_and_changes() {
    let mut pair = Pair::new();
    let first = pair.token();
    pair.compare_all(&first);
    assert!(pair.hits > 0 && pair.pages() > 0);
    // Into the next hour of rotation, and past the end of the token.
    for hours in [1, 5] {
        pair.pass(Duration::from_hours(hours));
        pair.compare_all(&first);
    }
    let token = pair.token();
    let changes = [
        (Method::PUT, "overrides/meta-data/x", "new"),
        (
            Method::PATCH,
            "instance",
            r#"{"Tags": [{"Key": "a", "Value": "b"}]}"#,
        ),
        (
            Method::PATCH,
            "metadata-options",
            r#"{"HttpTokens": "required"}"#,
        ),
        (
            Method::POST,
            "events",
            r#"{"type": "spot-interruption", "in": "1m"}"#,
        ),
        (
            Method::POST,
            "events",
            r#"{"type": "fault", "status": 503, "first": 3}"#,
        ),
        (Method::DELETE, "faults", ""),
        (Method::PUT, "clock", r#"{"shift": "+1h"}"#),
        (Method::POST, "reset", ""),
    ];
    for (method, path, body) in changes {
        pair.control(&method, path, body);
        pair.compare_all(&token);
        pair.pass(Duration::from_mins(2));
        pair.compare_all(&token);
    }
}

/// The control API has its own access control, and changes without the state.
#[test]
fn responses_of_the_control_api_are_not_stored() {
    let mut pair = Pair::new();
    for path in [
        "/_imdsim/health",
        "/_imdsim/metadata-options",
        "//_imdsim/clock",
    ] {
        for connection in [Connection::Loopback, Connection::Remote] {
            pair.stored.connection = connection;
            pair.derived.connection = connection;
            for _ in 0..2 {
                pair.compare(&Method::GET, path, None);
            }
        }
    }
    assert_eq!(pair.pages(), 0);
}

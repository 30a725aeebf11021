//! Every kind of input at its limit, in its most expensive form.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{Method, Request};
use imdsim::limits::{
    MAX_BODY_LEN, MAX_CLIENTS, MAX_EVENTS, MAX_FAULTS, MAX_ID_LEN, MAX_ITEMS, MAX_JOURNAL,
    MAX_JSON_DEPTH, MAX_JSON_VALUES, MAX_OVERRIDES, MAX_PATH_DEPTH, MAX_READ_LEN, MAX_STATE_LEN,
    MAX_TARGET_LEN,
};
use imdsim::{Connection, Emulator, RequestContext, STATE_KEY, UnixMillis};
use serde_json::{Value, json};

/// One input, and the state before it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    settings: Vec<(&'static str, String)>,
    journal: usize,
    before: Vec<Request<Vec<u8>>>,
    /// The requests to measure, one by one.
    pub(crate) requests: Vec<Request<Vec<u8>>>,
    pub(crate) expected: u16,
}

/// An emulator with its store.
pub(crate) struct Host {
    emulator: Emulator,
    store: BTreeMap<String, Vec<u8>>,
}

const NOW: UnixMillis = UnixMillis::from_seconds(1_793_491_200);

impl Case {
    fn new(name: &'static str, requests: Vec<Request<Vec<u8>>>) -> Self {
        Self {
            name,
            settings: Vec::new(),
            journal: 0,
            before: Vec::new(),
            requests,
            expected: 200,
        }
    }

    fn after(self, before: Vec<Request<Vec<u8>>>) -> Self {
        Self { before, ..self }
    }

    fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((key, value.into()));
        self
    }

    fn ends(self, expected: u16) -> Self {
        Self { expected, ..self }
    }

    /// The host in the state before the input.
    pub(crate) fn host(&self) -> Host {
        let settings = [
            ("IMDSIM_HTTP_TOKENS", "optional".to_owned()),
            ("IMDSIM_JOURNAL", MAX_JOURNAL.to_string()),
        ];
        let settings = settings.into_iter().chain(self.settings.clone());
        let settings = settings.map(|(key, value)| (key.to_owned(), value));
        let mut host = Host {
            emulator: Emulator::from_env(settings),
            store: journal(self.journal),
        };
        for request in &self.before {
            let (status, body) = host.send(request);
            let body = String::from_utf8_lossy(&body);
            let body = body.chars().take(500).collect::<String>();
            assert_eq!(status, 200, "before {}: {body}", self.name);
        }
        host
    }
}

impl Host {
    /// Answers a request and stores the state change.
    pub(crate) fn send(&mut self, request: &Request<Vec<u8>>) -> (u16, Vec<u8>) {
        let context = RequestContext {
            now: NOW,
            entropy: [7; 32],
            connection: Connection::Loopback,
        };
        let stored = self.store.get(STATE_KEY).cloned().map(Arc::new);
        let stored = stored.as_ref();
        let outcome = self
            .emulator
            .answer(stored, context, request, &mut self.store);
        if let Some(swap) = outcome.swap {
            self.store.insert(swap.key.to_owned(), swap.next);
        }
        (outcome.response.status.as_u16(), outcome.response.body)
    }
}

/// All cases.
#[allow(clippy::too_many_lines, reason = "it is a table")]
pub(crate) fn all() -> Vec<Case> {
    let leaf = || get("/latest/meta-data/instance-id");
    let health = || control(Method::GET, "health", "");
    let reset = || control(Method::POST, "reset", "");
    let listings = || {
        vec![
            get("/latest/meta-data/"),
            get("/latest/"),
            get("/1.0/meta-data"),
        ]
    };
    vec![
        Case::new(
            "a path of a request",
            vec![get(&fill("/latest/", "a/", MAX_TARGET_LEN))],
        )
        .ends(404),
        Case::new(
            "an escaped path",
            vec![get(&fill("/latest/", "%2e%2f", MAX_TARGET_LEN - 6))],
        ),
        Case::new("overrides", vec![patch(&overrides(false))]),
        Case::new("listings with overrides", listings()).after(vec![patch(&overrides(false))]),
        Case::new("listings with overrides of one directory", listings())
            .after(vec![patch(&overrides(true))]),
        Case::new("listings without directories", listings()).after(vec![patch(&removed())]),
        Case::new(
            "one more override",
            vec![control(Method::PUT, "overrides/meta-data/x", "x")],
        )
        .ends(400)
        .after(vec![patch(&overrides(false))]),
        Case::new(
            "a path below overrides",
            vec![get(&fill("/latest/meta-data/0/", "a/", MAX_TARGET_LEN))],
        )
        .ends(404)
        .after(vec![patch(&overrides(false))]),
        Case::new(
            "events",
            vec![control(Method::PUT, "events", &changes(MAX_EVENTS))],
        ),
        Case::new(
            "events of a large instance",
            vec![control(Method::PUT, "events", &changes(of_large()))],
        )
        .after(vec![patch(&large())]),
        Case::new(
            "notices of a large instance",
            vec![control(Method::PUT, "events", &notices(of_large()))],
        )
        .after(vec![patch(&large())]),
        Case::new(
            "one more event, and a read",
            vec![leaf(), control(Method::GET, "events", "")],
        )
        .after(vec![
            patch(&large()),
            control(Method::PUT, "events", &changes(of_large())),
        ]),
        Case::new("faults", vec![control(Method::PUT, "faults", &faults())]),
        Case::new(
            "a path that matches no fault",
            vec![get(&fill("/latest/", "a/", MAX_TARGET_LEN))],
        )
        .ends(404)
        .after(vec![control(Method::PUT, "faults", &faults())]),
        Case::new("faults that count", vec![leaf()]).after(vec![control(
            Method::PUT,
            "faults",
            &counting_faults(),
        )]),
        Case::new(
            "a search of the journal",
            vec![control(
                Method::GET,
                &format!(
                    "requests/count?path={}x",
                    "**/a/".repeat(MAX_PATH_DEPTH / 2 - 1)
                ),
                "",
            )],
        )
        .journal(MAX_JOURNAL),
        Case::new("the journal", vec![control(Method::GET, "requests", "")]).journal(MAX_JOURNAL),
        Case::new(
            "a long text",
            vec![
                patch(&json!({ "x": "y".repeat(MAX_BODY_LEN - 400) })),
                leaf(),
                health(),
                reset(),
            ],
        ),
        Case::new(
            "many values",
            vec![
                patch(&json!({ "x": many() })),
                leaf(),
                control(Method::GET, "instance", ""),
                reset(),
            ],
        ),
        Case::new(
            "a deep document",
            vec![
                patch(&deep()),
                leaf(),
                control(Method::GET, "snapshot", ""),
                reset(),
            ],
        ),
        Case::new(
            "a large instance",
            vec![
                patch(&large()),
                leaf(),
                control(Method::GET, "instance", ""),
                reset(),
            ],
        ),
        Case::new(
            "listings of a large instance",
            vec![
                get("/latest/meta-data/"),
                get("/latest/meta-data/network/interfaces/macs/"),
                get("/latest/meta-data/network/interfaces/macs/0e:00:00:00:00:07/"),
                get("/latest/meta-data/tags/instance/"),
                get("/latest/meta-data/tag-sets/instance"),
                get("/latest/meta-data/block-device-mapping/"),
                get("/latest/meta-data/public-keys/"),
                get("/latest/dynamic/instance-identity/document"),
            ],
        )
        .after(vec![patch(&large())]),
        Case::new("a start with a large instance", vec![leaf()])
            .with("IMDSIM_INSTANCE", large().to_string()),
        Case::new(
            "user data",
            vec![
                control(Method::PUT, "user-data", &"x".repeat(16_384)),
                get("/latest/user-data"),
            ],
        ),
        Case::new("clients", vec![leaf()])
            .with("IMDSIM_MOCK_IP_COUNT", MAX_CLIENTS.to_string())
            .after((0..MAX_CLIENTS).map(client).collect()),
    ]
}

impl Case {
    fn journal(self, journal: usize) -> Self {
        Self { journal, ..self }
    }
}

fn get(path: &str) -> Request<Vec<u8>> {
    Request::get(path).body(Vec::new()).unwrap()
}

fn control(method: Method, path: &str, body: &str) -> Request<Vec<u8>> {
    Request::builder()
        .method(method)
        .uri(format!("/_imdsim/{path}"))
        .header("host", "localhost")
        .body(body.as_bytes().to_vec())
        .unwrap()
}

fn patch(instance: &Value) -> Request<Vec<u8>> {
    control(Method::PATCH, "instance", &instance.to_string())
}

/// Repeats `again` after `start`, up to a length.
fn fill(start: &str, again: &str, len: usize) -> String {
    start.to_owned() + &again.repeat((len - start.len()) / again.len())
}

/// The maximum number of overrides, at maximum depth, and in total almost as long
/// as a state document may be.
fn overrides(of_one_directory: bool) -> Value {
    let paths = (0..MAX_OVERRIDES).map(|number| {
        let first = if of_one_directory { 0 } else { number };
        let start = format!("meta-data/{first}/");
        let depth = MAX_PATH_DEPTH - 3;
        let name = "a".repeat(MAX_STATE_LEN / MAX_OVERRIDES * 3 / 4 / depth - 1);
        (
            format!("{start}{}{number}", format!("{name}/").repeat(depth)),
            json!("x"),
        )
    });
    json!({ "Imdsim": { "Overrides": paths.collect::<serde_json::Map<_, _>>() } })
}

/// Removes existing directories and adds leaves below each.
fn removed() -> Value {
    let mut overrides = serde_json::Map::new();
    for directory in [
        "network",
        "placement",
        "iam",
        "services",
        "metrics",
        "events",
        "public-keys",
    ] {
        overrides.insert(format!("meta-data/{directory}"), json!(false));
        for number in 0..MAX_OVERRIDES / 8 {
            overrides.insert(format!("meta-data/{directory}/{number}/x"), json!("x"));
        }
    }
    json!({ "Imdsim": { "Overrides": overrides } })
}

fn changes(count: usize) -> String {
    let event = |number: usize| {
        json!({
            "type": "change", "in": format!("{number}s"), "id": id("e", number),
            "instance": { "Imdsim": { "RoleName": format!("r{number}") } },
        })
    };
    (0..count).map(event).collect::<Value>().to_string()
}

fn notices(count: usize) -> String {
    let kinds = [
        "maintenance",
        "spot-interruption",
        "lifecycle-state",
        "rebalance-recommendation",
    ];
    let event = |number: usize| json!({ "type": kinds[number % 4], "in": format!("{number}s") });
    (0..count).map(event).collect::<Value>().to_string()
}

/// Faults whose patterns fail only at the end of a path.
fn faults() -> String {
    let pattern = format!("{}x", "**/a/".repeat(MAX_PATH_DEPTH / 2 - 1));
    let fault = |number: usize| json!({ "id": id("f", number), "status": 503, "path": pattern });
    (0..MAX_FAULTS).map(fault).collect::<Value>().to_string()
}

fn counting_faults() -> String {
    let fault = |number: usize| json!({ "id": id("f", number), "status": 503, "nth": 1_000_000, "path": "/**/instance-id" });
    (0..MAX_FAULTS).map(fault).collect::<Value>().to_string()
}

fn id(letter: &str, number: usize) -> String {
    format!("{}{number:04}", letter.repeat(MAX_ID_LEN - 4))
}

fn many() -> Value {
    (0..30)
        .map(|_| Value::from(vec![json!({ "a": 0 }); MAX_ITEMS.min(MAX_JSON_VALUES / 2)]))
        .collect()
}

fn deep() -> Value {
    (0..MAX_JSON_DEPTH - 4).fold(json!(1), |inner, _| json!({ "a": inner }))
}

/// An instance with more of everything than real ones.
fn large() -> Value {
    let many =
        |count: usize, item: &dyn Fn(usize) -> Value| (0..count).map(item).collect::<Value>();
    let interface = |number: usize| {
        json!({
            "MacAddress": format!("0e:00:00:00:{:02x}:{:02x}", number / 256, number % 256),
            "SubnetId": format!("subnet-{number}"),
            "VpcId": format!("vpc-{}", number % 7),
            "PrivateIpAddress": format!("10.{}.{}.9", number / 256, number % 256),
            "Attachment": { "DeviceIndex": number },
        })
    };
    json!({
        "InstanceId": "i-0a1b2c3d4e5f60718",
        "MetadataOptions": { "InstanceMetadataTags": "enabled" },
        "NetworkInterfaces": many(MAX_ITEMS, &interface),
        "Tags": many(MAX_ITEMS, &|number| json!({ "Key": format!("k{}", number * 7919 % 256), "Value": "v" })),
        "BlockDeviceMappings": many(MAX_ITEMS, &|number| {
            json!({ "DeviceName": format!("/dev/sd{number}"), "Ebs": { "VolumeId": "vol-1" } })
        }),
        "Imdsim": {
            "PublicKeys": many(MAX_ITEMS, &|number| json!({ "KeyName": format!("k{number}"), "OpenSshKey": "ssh-ed25519 AAAA" })),
        },
    })
}

/// Number of events allowed with the large instance; each adds less than 16 KiB.
fn of_large() -> usize {
    MAX_READ_LEN / (large().to_string().len() + 16 * 1024)
}

/// A request from a different client.
fn client(number: usize) -> Request<Vec<u8>> {
    let mut request = get("/latest/meta-data/instance-id");
    let peer = format!("10.0.{}.{}", number / 256, number % 256);
    request
        .headers_mut()
        .insert(imdsim::constants::PEER, peer.try_into().unwrap());
    request
}

/// A journal with the paths that are slowest to match.
fn journal(entries: usize) -> BTreeMap<String, Vec<u8>> {
    let path = "/a".repeat(256);
    let entry = json!({ "time": "2026-11-01T00:00:00Z", "method": "GET", "path": path, "version": 2, "status": 200, "user_agent": "x".repeat(512) });
    let entry = entry.to_string().into_bytes();
    (0..entries)
        .map(|number| {
            (
                format!("imdsim/journal/{number:020}-{number:016x}"),
                entry.clone(),
            )
        })
        .collect()
}

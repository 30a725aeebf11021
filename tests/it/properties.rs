use std::collections::BTreeSet;
use std::sync::LazyLock;

use http::{Method, Request};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

use crate::client::Client;
use crate::corpus;
use crate::crawl::Crawl;
use crate::mutated;
use imdsim::{STATE_KEY, VERSIONS, normalize};

const STATUSES: [u16; 6] = [200, 400, 401, 403, 404, 405];

/// Every path of every instance of the corpus, versions left out.
static PATHS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut paths = BTreeSet::new();
    for sample in corpus::all() {
        let crawl = Crawl::of(&mut sample.serve(), "latest", None);
        paths.extend(crawl.found.into_keys());
    }
    paths.into_iter().collect()
});

/// A version, mostly an existing one.
fn version() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just("latest".to_owned()),
        4 => select(VERSIONS.to_vec()).prop_map(str::to_owned),
        1 => "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    ]
}

/// A path of the tree, unchanged or with a few extra characters.
fn tree_path() -> impl Strategy<Value = String> {
    let path = any::<Index>().prop_map(|index| index.get(&PATHS).clone());
    let more = prop_oneof![
        4 => Just(String::new()),
        1 => Just("/".to_owned()),
        1 => Just("//.".to_owned()),
        1 => Just("/x".to_owned()),
        1 => "[!-~]{1,5}",
    ];
    (version(), path, more).prop_map(|(version, path, more)| format!("/{version}/{path}{more}"))
}

/// Headers of a request.
fn headers() -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    let names = select(vec![
        "x-aws-ec2-metadata-token",
        "x-aws-ec2-metadata-token-ttl-seconds",
        "x-forwarded-for",
        "host",
        "authorization",
        "user-agent",
    ]);
    let values = prop_oneof![
        2 => select(vec!["60", "21600", "localhost", ""]).prop_map(|text| text.as_bytes().to_vec()),
        3 => prop::collection::vec(prop_oneof![32_u8..=126, 128_u8..=255], 0..80),
    ];
    prop::collection::vec((names, values), 0..4)
}

/// A client of an emulator with a journal, and a valid token or one with a flipped
/// bit.
fn with_token(required: bool, flipped: Option<Index>) -> (Client, String) {
    let tokens = if required { "required" } else { "optional" };
    let mut client = Client::new(&[("http_tokens", tokens), ("journal", "10")]);
    let mut token = client.token("60").into_bytes();
    if let Some(place) = flipped {
        token[place.index(56)] ^= 1;
    }
    (client, String::from_utf8(token).unwrap())
}

proptest! {
    /// Any target that is valid in HTTP, mostly paths of the tree, with any method
    /// and headers.
    #[test]
    fn no_request_breaks_the_emulator(
        method in prop_oneof![
            4 => select(vec!["GET", "HEAD", "PUT", "OPTIONS"]).prop_map(str::to_owned),
            1 => "[A-Z]{1,10}",
        ],
        path in prop_oneof![4 => tree_path(), 1 => "/[!-~]{0,60}", 1 => Just("/latest/api/token".to_owned())],
        required in any::<bool>(),
        token in prop::option::of(prop::option::of(any::<Index>())),
        headers in headers(),
        body in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut request = Request::builder().method(method.as_str()).uri(path);
        let mut client = Client::new(&[]);
        if let Some(flipped) = token {
            let (there, token) = with_token(required, flipped);
            client = there;
            request = request.header("x-aws-ec2-metadata-token", token);
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Ok(request) = request.body(body) {
            let response = client.send(&request);
            let status = response.status().as_u16();
            prop_assert!(STATUSES.contains(&status), "{status}");
            let length = response.headers()["content-length"].to_str().unwrap().to_owned();
            if request.method() != Method::HEAD {
                prop_assert_eq!(length, response.body().len().to_string());
            }
        }
    }

    #[test]
    fn metadata_requires_a_valid_token(
        path in any::<Index>(),
        flipped in prop::option::of(any::<Index>()),
    ) {
        let paths: Vec<_> = Crawl::of(&mut Client::new(&[("http_tokens", "optional")]), "latest", None)
            .found
            .into_keys()
            .collect();
        let (mut client, token) = with_token(true, flipped);
        let (status, _) = client.fetch(&format!("/latest/{}", path.get(&paths)), Some(&token));
        prop_assert_eq!(status, if flipped.is_some() { 401 } else { 200 });
    }

    #[test]
    fn arbitrary_text_is_not_a_valid_token(token in "[!-~]{0,70}") {
        let headers = [("x-aws-ec2-metadata-token", token.as_str())];
        let response = Client::new(&[]).call(Method::GET, "/", &headers);
        prop_assert_eq!(response.status(), 401);
    }

    #[test]
    fn time_to_live_is_accepted_up_to_six_hours(ttl in "[ -~]{0,8}") {
        let headers = [("x-aws-ec2-metadata-token-ttl-seconds", ttl.as_str())];
        let response = Client::new(&[]).call(Method::PUT, "/latest/api/token", &headers);
        let digits = ttl.trim();
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let granted = plain && digits.parse::<u64>().is_ok_and(|seconds| seconds <= 21_600);
        prop_assert_eq!(response.status().as_u16(), if granted { 200 } else { 400 });
    }

    #[test]
    fn normalisation_is_idempotent(path in "/[ -$&-~]{0,40}") {
        let once = format!("/{}", normalize(&path));
        let twice = format!("/{}", normalize(&once));
        prop_assert_eq!(twice, once);
    }

    /// A foreign state document is rejected or applied, and a reset replaces it.
    #[test]
    fn no_stored_bytes_break_the_emulator(stored in stored()) {
        let mut client = Client::new(&[("http_tokens", "optional")]);
        client.store.insert(STATE_KEY.to_owned(), stored.clone());
        for path in ["/latest/meta-data/ami-id", "/latest/meta-data/", "/latest/", "/"] {
            let (status, _) = client.fetch(path, None);
            // 403 if the endpoint is disabled.
            prop_assert!(matches!(status, 200 | 401 | 403 | 404 | 500 | 503), "{path}: {status} with {}", String::from_utf8_lossy(&stored));
            prop_assert_eq!(&client.store[STATE_KEY], &stored);
        }
        client.control(Method::POST, "reset", "");
        prop_assert_eq!(client.get("/latest/meta-data/ami-id").0, 200);
    }
}

/// Arbitrary bytes, or a valid state document with one byte changed, truncated, or
/// with one value changed.
fn stored() -> impl Strategy<Value = Vec<u8>> {
    const GOOD: &str = r#"{"clock":{"shift":"+1h"},"epoch":"1-ab","events":[
        {"type":"change","instance":{"InstanceType":"m5.large","Imdsim":{"Overrides":{"meta-data/x":"y"}}},"id":"1","at":"2026-10-01T00:00:00Z"},
        {"type":"maintenance","event":{"Code":"system-reboot","NotBefore":"2026-10-02T00:00:00Z"},"id":"2","at":"2026-10-02T00:00:00Z"},
        {"type":"spot-interruption","action":"stop","time":"2026-10-03T00:02:00Z","id":"3","at":"2026-10-03T00:00:00Z"},
        {"type":"fault","status":503,"share":0.5,"method":"GET","path":"/latest/**","revision":4,"delay":"10ms","until":"2026-12-01T00:00:00Z","id":"4","at":"2026-10-04T00:00:00Z"},
        {"type":"lifecycle-state","state":"InService","id":"5","at":"2027-01-01T00:00:00Z"}],
        "instance":{"Tags":[{"Key":"Name","Value":"x"}],"MetadataOptions":{"HttpTokens":"optional"},"Imdsim":{"RoleName":"r","Overrides":{"meta-data/placement":false}}},
        "revision":7,"since":1793491200000,"version":1}"#;
    let good: Value = serde_json::from_str(GOOD).unwrap();
    let text = good.to_string().into_bytes();
    let cut = text.clone();
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..64),
        2 => (any::<Index>(), any::<u8>()).prop_map(move |(place, byte)| {
            let mut text = text.clone();
            let place = place.index(text.len());
            text[place] = byte;
            text
        }),
        1 => any::<Index>().prop_map(move |len| cut[..len.index(cut.len())].to_vec()),
        4 => mutated::change().prop_map(move |change| {
            let mut document = good.clone();
            change.apply(&mut document);
            document.to_string().into_bytes()
        }),
    ]
}

//! The control API accepts its own output, stores only readable state, and
//! rejects invalid input.

use http::{Method, Request};
use imdsim::STATE_KEY;
use imdsim::limits::{MAX_EVENTS, MAX_FAULTS};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::client::Client;

const TOKEN: &str = "x-aws-ec2-metadata-token";

/// Makes a call and returns its status and body.
fn call(client: &mut Client, method: &Method, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let request = Request::builder()
        .method(method)
        .uri(format!("/_imdsim/{path}"))
        .header("host", "127.0.0.1")
        .body(body.to_vec())
        .unwrap();
    let response = client.send(&request);
    (response.status().as_u16(), response.into_body())
}

fn get(client: &mut Client, path: &str) -> Value {
    let (status, body) = call(client, &Method::GET, path, b"");
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap()
}

fn put(client: &mut Client, path: &str, body: &Value) -> (u16, Value) {
    let (status, said) = call(client, &Method::PUT, path, body.to_string().as_bytes());
    (status, serde_json::from_slice(&said).unwrap())
}

/// The error message of a rejected call.
#[track_caller]
fn refused(client: &mut Client, method: &Method, path: &str, body: &Value) -> String {
    let before = client.store.clone();
    let (status, said) = call(client, method, path, body.to_string().as_bytes());
    let said: Value = serde_json::from_slice(&said).unwrap();
    assert!((400..500).contains(&status), "{status}: {said}");
    assert_eq!(client.store, before, "a refusal changes nothing");
    said["detail"].as_str().unwrap().to_owned()
}

fn metadata(client: &mut Client, path: &str, token: &str) -> u16 {
    let response = client.call(Method::GET, path, &[(TOKEN, token)]);
    response.status().as_u16()
}

/// Paths whose GET output another method accepts.
const PAIRS: [(&str, &Method); 8] = [
    ("instance", &Method::PATCH),
    ("metadata-options", &Method::PATCH),
    ("user-data", &Method::PUT),
    ("overrides/meta-data/x", &Method::PUT),
    ("events", &Method::PUT),
    ("faults", &Method::PUT),
    ("clock", &Method::PUT),
    ("snapshot", &Method::PUT),
];

/// Everything that the control API returns, including single events and faults,
/// without the counts of changes.
fn everything(client: &mut Client) -> Vec<(String, Vec<u8>)> {
    let mut paths: Vec<_> = PAIRS.iter().map(|(path, _)| (*path).to_owned()).collect();
    paths.extend(["overrides".to_owned(), "requests".to_owned()]);
    for list in ["events", "faults"] {
        let all = get(client, list);
        let ids = all[list].as_array().unwrap().iter();
        paths.extend(ids.map(|event| format!("{list}/{}", event["id"].as_str().unwrap())));
    }
    let show = |path: String| {
        let (status, mut body) = call(client, &Method::GET, &path, b"");
        assert!(matches!(status, 200 | 404 | 409), "{path}");
        if path == "snapshot" {
            let mut state: Value = serde_json::from_slice(&body).unwrap();
            state["revision"] = 0.into();
            // Without added or cancelled events, the settings apply.
            state["events"] = 0.into();
            state["instance"] = 0.into();
            state["clock"] = 0.into();
            body = state.to_string().into_bytes();
        }
        (path, body)
    };
    paths.into_iter().map(show).collect()
}

/// Reports the changes after sending back the output of `path`.
#[track_caller]
fn check_same(after: &[(String, Vec<u8>)], before: &[(String, Vec<u8>)], path: &str) {
    for ((shown, after), (known, before)) in after.iter().zip(before) {
        let [after, before] = [after, before].map(|body| String::from_utf8_lossy(body));
        assert_eq!((shown, after), (known, before), "{path}");
    }
    assert_eq!(after.len(), before.len(), "{path}");
}

#[test]
fn sending_back_the_output_of_a_call_changes_nothing() {
    let timeline = json!([
        { "type": "spot-interruption", "in": "5m" },
        { "type": "change", "instance": { "Tags": [{ "Key": "a", "Value": "b" }] } },
        { "type": "maintenance", "id": "m", "at": "2026-12-01T00:00:00Z" },
        { "type": "lifecycle-state", "in": "1m" },
        { "type": "fault", "preset": "early-boot", "in": "1h" },
        { "type": "fault", "nth": 3, "delay": "0s", "method": "put" },
    ]);
    let instance = json!({
        "KernelId": null,
        "Imdsim": { "Overrides": { "meta-data/iam": null }, "RoleName": null },
    });
    let changes: [(&str, &Method, &[u8]); 7] = [
        ("user-data", &Method::PUT, b"\xff\x00"),
        ("overrides/meta-data/x", &Method::PUT, b"text"),
        ("clock", &Method::PUT, br#"{"shift": "-90s"}"#),
        ("faults/expired-credentials", &Method::PUT, b""),
        (
            "metadata-options",
            &Method::PATCH,
            br#"{"InstanceMetadataTags": "enabled"}"#,
        ),
        (
            "clock",
            &Method::PUT,
            br#"{"freeze": "2026-11-01T00:00:00.5Z"}"#,
        ),
        ("reset", &Method::POST, b""),
    ];
    let (timeline, instance) = (timeline.to_string(), instance.to_string());
    let mut client = Client::new(&[("timeline", &timeline), ("instance", &instance)]);
    for (path, method, body) in [&changes[..], &changes[..6]].concat() {
        let before = everything(&mut client);
        let listed = call(&mut client, &Method::GET, "../latest/meta-data/", b"");
        let token = client.token("60");
        for (path, method) in PAIRS {
            let (status, shown) = call(&mut client, &Method::GET, path, b"");
            if status == 200 {
                let (status, said) = call(&mut client, method, path, &shown);
                let said = String::from_utf8_lossy(&said).into_owned();
                assert_eq!(status, 200, "{path}: {said}");
                check_same(&everything(&mut client), &before, path);
            }
        }
        for (path, shown) in everything(&mut client) {
            if path.starts_with("faults/") {
                assert_eq!(call(&mut client, &Method::PUT, &path, &shown).0, 200);
                check_same(&everything(&mut client), &before, &path);
            }
        }
        let again = call(&mut client, &Method::GET, "../latest/meta-data/", b"");
        assert_eq!(again, listed);
        let status = metadata(&mut client, "/latest/meta-data/ami-id", &token);
        assert_eq!(status, 200, "the token is still valid");
        let (status, said) = call(&mut client, method, path, body);
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&said));
    }
}

#[test]
fn events_and_faults_have_separate_ids() {
    let mut client = Client::new(&[]);
    let rebalance = json!([{ "type": "rebalance-recommendation" }]);
    assert_eq!(put(&mut client, "events", &rebalance).0, 200);
    assert_eq!(
        put(&mut client, "faults/1", &json!({ "status": 500 })).0,
        200
    );
    assert_eq!(get(&mut client, "events")["events"][0]["id"], "1");
    assert_eq!(get(&mut client, "faults")["faults"][0]["id"], "1");
    // A timeline replaces the events, but not the faults.
    assert_eq!(put(&mut client, "events", &json!([])).0, 200);
    assert_eq!(get(&mut client, "faults")["faults"][0]["id"], "1");
    assert_eq!(call(&mut client, &Method::DELETE, "faults/1", b"").0, 200);
    assert_eq!(get(&mut client, "faults")["faults"], json!([]));
}

#[test]
fn duplicate_ids_in_a_list_are_rejected() {
    let mut client = Client::new(&[]);
    let ids = |list: &Value| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|event| event["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let faults = json!(["throttled", { "preset": "throttled", "throttle": 9 }, { "status": 500 }]);
    assert_eq!(put(&mut client, "faults", &faults).0, 200);
    let named = ids(&get(&mut client, "faults")["faults"]);
    assert_eq!(named, ["throttled", "throttled-2", "3"]);
    let events = json!([
        { "id": "2", "type": "rebalance-recommendation" },
        { "type": "lifecycle-state" },
        { "type": "spot-interruption" },
    ]);
    assert_eq!(put(&mut client, "events", &events).0, 200);
    let named = ids(&get(&mut client, "events")["events"]);
    assert_eq!(named, ["2", "3", "4"]);
    let added = json!({ "type": "fault", "preset": "throttled" });
    let (_, added) = call(
        &mut client,
        &Method::POST,
        "events",
        added.to_string().as_bytes(),
    );
    let added: Value = serde_json::from_slice(&added).unwrap();
    assert_eq!(added["id"], "throttled-3");
    let twice = json!([
        { "id": "a", "type": "rebalance-recommendation" },
        { "id": "a", "type": "lifecycle-state" },
    ]);
    assert_eq!(
        refused(&mut client, &Method::PUT, "events", &twice),
        "[1].id: duplicate id \"a\"; use another, or omit it"
    );
    let twice = json!([{ "id": "a", "status": 500 }, { "id": "a", "status": 404 }]);
    assert_eq!(
        refused(&mut client, &Method::PUT, "faults", &twice),
        "faults[1].id: duplicate id \"a\"; use another, or omit it"
    );
}

#[test]
fn too_many_events_or_faults_are_rejected() {
    let mut client = Client::new(&[]);
    for (path, one, most) in [
        (
            "events",
            json!({ "type": "rebalance-recommendation", "in": "1h" }),
            MAX_EVENTS,
        ),
        ("faults", json!({ "status": 500, "in": "1h" }), MAX_FAULTS),
    ] {
        let many = |count: usize| Value::from(vec![one.clone(); count]);
        let said = format!("more than {most} {path}; remove some of them");
        let list = json!({ path: many(most + 1) });
        let too_many = refused(&mut client, &Method::PUT, path, &list);
        assert_eq!(too_many, format!("{path}: {said}"));
        assert_eq!(put(&mut client, path, &many(most)).0, 200);
        let mut another = one.clone();
        if path == "faults" {
            another["type"] = "fault".into();
        }
        let one_more = refused(&mut client, &Method::POST, "events", &another);
        assert!(one_more.contains(&said), "{one_more}");
    }
}

#[test]
fn empty_ids_and_dot_segments_are_not_found() {
    let mut client = Client::new(&[]);
    client.control(Method::PUT, "faults/slow", "");
    let event = r#"[{"type": "rebalance-recommendation"}]"#;
    client.control(Method::PUT, "events", event);
    client.control(Method::PUT, "overrides/meta-data/x", "y");
    for path in [
        "events/",
        "events/.",
        "events/..",
        "events//",
        "events/%2e",
        "events//1",
        "faults/",
        "faults/.",
        "faults/slow/",
        "faults/slow/.",
        "overrides/",
        "overrides/.",
    ] {
        let (status, _) = call(&mut client, &Method::DELETE, path, b"");
        assert!(matches!(status, 404 | 405), "{path}: {status}");
    }
    for id in ["a/b", "a//b", "a%20b", "%ff"] {
        let status = put(
            &mut client,
            &format!("faults/{id}"),
            &json!({ "status": 500 }),
        )
        .0;
        assert!(matches!(status, 400 | 404), "{id}: {status}");
    }
    assert_eq!(get(&mut client, "faults")["faults"][0]["id"], "slow");
    assert_eq!(get(&mut client, "events")["events"][0]["id"], "1");
    assert_eq!(get(&mut client, "overrides"), json!({ "meta-data/x": "y" }));
    for id in ["", ".", "..", "a/b", "é"] {
        let named = json!({ "id": id, "type": "rebalance-recommendation" });
        let said = refused(&mut client, &Method::POST, "events", &named);
        assert!(said.contains("is not an id; write 1 to "), "{said}");
    }
    let other = refused(
        &mut client,
        &Method::PUT,
        "faults/a",
        &json!({ "id": "b", "status": 500 }),
    );
    assert_eq!(
        other,
        "id: it differs from the id in the path; use the same id, or omit it"
    );
}

#[test]
fn description_is_validated_after_each_event() {
    let timeline = json!([
        { "type": "change", "instance": { "Imdsim": "x" } },
        { "type": "spot-interruption" },
    ]);
    let said = "event 1: Imdsim: this is a text, not an object; ";
    let mut client = Client::new(&[]);
    let refused = refused(&mut client, &Method::PUT, "events", &timeline);
    assert!(refused.starts_with(said), "{refused}");
    // A component started with it reports the error for every request.
    let mut client = Client::new(&[("timeline", &timeline.to_string())]);
    for path in ["/_imdsim/health", "/latest/meta-data/"] {
        let response = client.call(Method::GET, path, &[("host", "localhost")]);
        assert_eq!(response.status(), 500);
        let body = String::from_utf8_lossy(response.body()).into_owned();
        assert!(body.contains(&format!("IMDSIM_TIMELINE: {said}")), "{body}");
    }
}

#[test]
fn health_and_reset_work_with_an_invalid_state() {
    let deep = "[".repeat(200);
    for (stored, revision) in [
        (&b"{"[..], 0),
        (b"", 0),
        (deep.as_bytes(), 0),
        (br#"{"version": 1, "revision": 7}"#, 7),
        (
            br#"{"version": 1, "revision": 7, "epoch": "", "clock": {}, "instance": {"Tags": 1}}"#,
            7,
        ),
        (
            br#"{"version": 1, "revision": 7, "epoch": "", "clock": {}, "instance": {},
                "events": [{"type": "change", "at": "2020-01-01T00:00:00Z", "instance": []}]}"#,
            7,
        ),
    ] {
        let mut client = Client::new(&[]);
        client.store.insert(STATE_KEY.to_owned(), stored.to_vec());
        let health = get(&mut client, "health");
        assert_eq!(health["status"], "degraded");
        assert_eq!(health["revision"], revision);
        let problem = health["problem"].as_str().unwrap();
        assert!(
            problem.ends_with("; POST /_imdsim/reset starts over"),
            "{problem}"
        );
        assert_eq!(metadata(&mut client, "/latest/meta-data/", ""), 500);
        client.control(Method::POST, "reset", "");
        let health = get(&mut client, "health");
        assert_eq!(health["status"], "ok");
        assert_eq!(health["revision"], revision + 1);
        client.text("/latest/meta-data/");
    }
}

#[test]
fn shift_starts_at_the_emulated_time_of_a_running_or_frozen_clock() {
    let mut client = Client::new(&[]);
    client.control(Method::PUT, "clock", r#"{"shift": "+1h"}"#);
    client.control(Method::PUT, "clock", r#"{"shift": "+1h"}"#);
    let clock = get(&mut client, "clock");
    assert_eq!(
        clock,
        json!({ "now": "2026-11-01T02:00:00Z", "offset": "+2h" })
    );
    client.control(
        Method::PUT,
        "clock",
        r#"{"freeze": "2030-01-01T00:00:00Z"}"#,
    );
    client.control(Method::PUT, "clock", r#"{"shift": "+1m"}"#);
    client.now = client.now.plus_seconds(10);
    let frozen = json!({ "now": "2030-01-01T00:01:00Z", "freeze": "2030-01-01T00:01:00Z" });
    assert_eq!(get(&mut client, "clock"), frozen);
    client.control(Method::PUT, "clock", r#"{"offset": "+6h"}"#);
    let clock = get(&mut client, "clock");
    assert_eq!(
        clock,
        json!({ "now": "2026-11-01T06:00:10Z", "offset": "+6h" })
    );
}

#[test]
fn token_is_invalid_when_the_clock_is_before_its_creation() {
    let mut client = Client::new(&[]);
    let token = client.token("60");
    let path = "/latest/meta-data/ami-id";
    client.control(Method::PUT, "clock", r#"{"shift": "-100d"}"#);
    assert_eq!(metadata(&mut client, path, &token), 401);
    client.control(Method::DELETE, "clock", "");
    assert_eq!(metadata(&mut client, path, &token), 200);
}

#[test]
fn token_invalidated_by_a_reset_stays_invalid_after_restoring_a_snapshot() {
    let mut client = Client::new(&[]);
    let token = client.token("60");
    let path = "/latest/meta-data/ami-id";
    let snapshot = get(&mut client, "snapshot");
    assert_eq!(put(&mut client, "snapshot", &snapshot).0, 200);
    assert_eq!(metadata(&mut client, path, &token), 200);
    client.control(Method::POST, "reset", "");
    assert_eq!(put(&mut client, "snapshot", &snapshot).0, 200);
    assert_eq!(metadata(&mut client, path, &token), 401);
}

#[test]
fn unrepresentable_times_are_rejected_everywhere() {
    let mut client = Client::new(&[]);
    let late = json!({ "type": "rebalance-recommendation", "in": "8000y" });
    let ending = json!({ "status": 500, "for": "8000y" });
    let clock = json!({ "version": 1, "revision": 1, "epoch": "", "instance": {},
                        "clock": { "offset": "-2000y" } });
    let mut since = clock.clone();
    since["clock"] = json!({});
    since["since"] = i64::MAX.into();
    for (method, path, body) in [
        (
            &Method::PUT,
            "clock",
            json!({ "freeze": "0001-01-01T00:00:00Z" }),
        ),
        (&Method::PUT, "clock", json!({ "shift": "8000y" })),
        (&Method::PUT, "snapshot", clock),
        (&Method::POST, "events", late),
        (&Method::PUT, "faults/a", ending),
        (
            &Method::PATCH,
            "instance",
            json!({ "LaunchTime": "0001-01-01T00:00:00Z" }),
        ),
    ] {
        let said = refused(&mut client, method, path, &body);
        assert!(
            said.contains("outside of the years 1000 to 9999"),
            "{path}: {said}"
        );
    }
    let said = refused(&mut client, &Method::PUT, "snapshot", &since);
    assert!(said.contains("its last reset is not a time"), "{said}");
}

/// Values for fields of events, faults and descriptions, mostly invalid.
fn values() -> impl Strategy<Value = Value> {
    let texts = [
        "",
        "x",
        "0s",
        "1s",
        "2s",
        "500us",
        "1h",
        "9000y",
        "now",
        "get",
        "PUT",
        "GET ME",
        "expired",
        "terminate",
        "hibernate",
        "throttled",
        "slow",
        "unavailable",
        "early-boot",
        ".",
        "a/b",
        "1",
        "/**",
        "2026-11-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999Z",
        "system-reboot",
        "active",
    ];
    let leaf = prop_oneof![
        6 => prop::sample::select(texts.to_vec()).prop_map(Value::from),
        2 => prop::sample::select(vec![0_u64, 1, 2, 200, 503, 1 << 32, u64::MAX]).prop_map(Value::from),
        1 => prop::sample::select(vec![0.0, 0.1, 0.33, 1.0]).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let keys = [
            "Imdsim",
            "Tags",
            "Overrides",
            "MaintenanceEvents",
            "Code",
            "Key",
            "Value",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(keys.to_vec()), inner, 0..3)
                .prop_map(|fields| json!(fields)),
        ]
    })
}

/// Almost valid events, faults and changes.
fn documents() -> impl Strategy<Value = Value> {
    let fields: Vec<_> = "id at in due action time event state instance preset path method version for until \
                  nth first share throttle delay status stall close cut garble credentials revision \
                  shift offset freeze now Imdsim Tags InstanceType HttpTokens LaunchTime"
        .split_whitespace()
        .collect();
    let types: Vec<_> =
        "spot-interruption rebalance-recommendation maintenance lifecycle-state change fault \
                  fault"
            .split_whitespace()
            .collect();
    let fields = prop::collection::btree_map(prop::sample::select(fields), values(), 0..3);
    let named = prop::option::weighted(0.7, prop::sample::select(types));
    let one = (named, fields)
        .prop_map(|(named, fields)| {
            let mut document = json!(fields);
            if let Some(named) = named {
                document["type"] = named.into();
            }
            document
        })
        .boxed();
    let deep = (0_usize..128).prop_map(|depth| {
        let inner = "[".repeat(depth) + &"]".repeat(depth);
        serde_json::from_str(&inner).map_or_else(
            |_| Value::Null,
            |deep: Value| json!({ "type": "change", "instance": { "Deep": deep } }),
        )
    });
    prop_oneof![
        8 => one.clone(),
        2 => prop::collection::vec(one, 0..4).prop_map(Value::from),
        1 => deep,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// After any accepted call, health, the tree and a restart still work, and so
    /// does a final reset.
    #[test]
    fn accepted_input_can_be_served(
        calls in prop::collection::vec(
            (
                prop::sample::select(vec![
                    ("POST", "events"), ("POST", "events"), ("PUT", "events"), ("PUT", "faults"),
                    ("PUT", "faults/slow"), ("PUT", "faults/1"), ("PATCH", "instance"),
                    ("PATCH", "metadata-options"), ("PUT", "clock"), ("DELETE", "events/1"),
                ]),
                documents(),
            ),
            1..5,
        ),
    ) {
        let mut client = Client::new(&[]);
        for ((method, path), body) in calls {
            let body = body.to_string();
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let (status, said) = call(&mut client, &method, path, body.as_bytes());
            let said = String::from_utf8_lossy(&said).into_owned();
            prop_assert!((200..500).contains(&status), "{path} {body}: {said}");
            client.restart();
            prop_assert_eq!(&get(&mut client, "health")["status"], "ok", "{} {}", path, body);
            for list in ["instance", "events", "faults", "clock"] {
                get(&mut client, list);
            }
            let snapshot = get(&mut client, "snapshot");
            prop_assert_eq!(put(&mut client, "snapshot", &snapshot).0, 200, "{} {}", path, body);
        }
        client.control(Method::DELETE, "faults", "");
        let patch = r#"{"MetadataOptions": null}"#;
        client.control(Method::PATCH, "instance", patch);
        prop_assert_eq!(client.fetch("/latest/meta-data/", None).0, 200);
        client.control(Method::POST, "reset", "");
        prop_assert_eq!(client.fetch("/latest/meta-data/ami-id", None).0, 200);
    }
}

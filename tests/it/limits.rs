use http::{Method, Request};
use imdsim::STATE_KEY;
use imdsim::limits::{
    MAX_BODY_LEN, MAX_EVENTS, MAX_FAULTS, MAX_ID_LEN, MAX_JSON_DEPTH, MAX_JSON_VALUES,
    MAX_OVERRIDES, MAX_PATH_DEPTH, MAX_PATH_LEN, MAX_STATE_LEN, MAX_TARGET_LEN,
};
use serde_json::{Value, json};

use crate::client::Client;
use crate::worst_inputs;

#[test]
fn inputs_at_their_limits_are_accepted() {
    for case in worst_inputs::all() {
        let mut host = case.host();
        for request in &case.requests {
            let (status, body) = host.send(request);
            let path = request.uri().path();
            let path = &path[..path.len().min(60)];
            let body = String::from_utf8_lossy(&body);
            let body = body.chars().take(300).collect::<String>();
            assert_eq!(status, case.expected, "{}: {path}: {body}", case.name);
        }
    }
}

/// Makes a call and returns its status and body.
fn call(client: &mut Client, method: Method, path: &str, body: &str) -> (u16, String) {
    let request = Request::builder()
        .method(method)
        .uri(format!("/_imdsim/{path}"))
        .header("host", "localhost")
        .body(body.as_bytes().to_vec());
    let response = client.send(&request.unwrap());
    let body = String::from_utf8_lossy(response.body()).into_owned();
    (response.status().as_u16(), body)
}

#[track_caller]
fn check_refused(method: Method, path: &str, body: &str, expected: u16, detail: &str) {
    let mut client = Client::new(&[("journal", "10")]);
    let (status, said) = call(&mut client, method, path, body);
    let shown = said.chars().take(300).collect::<String>();
    assert_eq!(status, expected, "{shown}");
    assert!(said.contains(detail), "{shown}");
    assert!(said.len() < 1000, "{shown}");
    assert!(!client.store.contains_key(STATE_KEY), "it is not stored");
}

fn nested(levels: usize) -> String {
    format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels))
}

#[test]
fn documents_nested_too_deeply_are_rejected() {
    let detail = "nested more than 64 levels deep";
    for levels in [MAX_JSON_DEPTH + 1, 125, 127, 10_000] {
        let deep = nested(levels);
        check_refused(Method::PATCH, "instance", &deep, 400, detail);
        let change = format!(r#"{{"type":"change","instance":{deep}}}"#);
        check_refused(Method::POST, "events", &change, 400, detail);
        check_refused(Method::PUT, "events", &format!("[{change}]"), 400, detail);
        check_refused(Method::PUT, "faults/slow", &deep, 400, detail);
        check_refused(Method::PUT, "clock", &deep, 400, detail);
        check_refused(Method::PUT, "snapshot", &deep, 400, detail);
    }
    // The state document adds levels around it.
    let edge = nested(MAX_JSON_DEPTH);
    check_refused(
        Method::PATCH,
        "instance",
        &edge,
        400,
        "the state with this change",
    );
}

#[test]
fn settings_nested_too_deeply_are_reported_and_never_trap() {
    let deep = nested(127);
    let mut client = Client::new(&[("instance", &deep)]);
    let (status, said) = call(&mut client, Method::GET, "health", "");
    assert_eq!(status, 500);
    assert!(
        said.contains("IMDSIM_INSTANCE: the JSON is nested more than 64 levels"),
        "{said}"
    );
}

#[test]
fn documents_with_too_many_values_are_rejected() {
    let many = format!(r#"{{"x":[{}0]}}"#, "0,".repeat(MAX_JSON_VALUES));
    check_refused(
        Method::PATCH,
        "instance",
        &many,
        400,
        "the body: the JSON has more than 16384",
    );
}

#[test]
fn long_paths_are_rejected() {
    let path = format!("overrides/meta-data/{}", "a".repeat(MAX_TARGET_LEN));
    check_refused(Method::PUT, &path, "x", 400, "longer than 4096 bytes");
    let path = format!("overrides/meta-data/{}", "a".repeat(MAX_PATH_LEN));
    check_refused(Method::PUT, &path, "x", 400, "longer than 1024 bytes");
    let path = format!("overrides/meta-data{}", "/a".repeat(MAX_PATH_DEPTH));
    check_refused(Method::PUT, &path, "x", 400, "more than 32 names");
    let mut client = Client::new(&[("http_tokens", "optional"), ("journal", "10")]);
    let path = format!("/latest/{}", "a".repeat(MAX_TARGET_LEN));
    assert_eq!(client.fetch(&path, None), (400, Vec::new()));
    assert_eq!(client.fetch(&path[..MAX_TARGET_LEN], None).0, 404);
    let (_, told) = call(&mut client, Method::GET, "requests/count?status=400", "");
    assert_eq!(told, r#"{"count":1}"#);
}

#[test]
fn long_patterns_are_rejected() {
    let path = format!("requests/count?path={}", "*/".repeat(30_000));
    check_refused(
        Method::GET,
        &path,
        "",
        400,
        "the query: path: the path is longer than 1024",
    );
    let path = format!("requests?path={}", "*/".repeat(MAX_PATH_DEPTH + 1));
    check_refused(
        Method::GET,
        &path,
        "",
        400,
        "the query: path: the path has more than 32 names",
    );
    let fault = json!({ "status": 500, "path": "**/".repeat(400) }).to_string();
    check_refused(
        Method::PUT,
        "faults/f",
        &fault,
        400,
        "path: the path is longer than 1024",
    );
}

#[test]
fn too_many_items_of_any_kind_are_rejected() {
    let events = |kind: &str, count: usize| {
        let event = json!({ "type": kind, "status": if kind == "fault" { json!(500) } else { Value::Null } });
        let mut event = event;
        if kind != "fault" {
            event.as_object_mut().unwrap().remove("status");
        }
        Value::from(vec![event; count]).to_string()
    };
    let too_many = events("rebalance-recommendation", MAX_EVENTS + 1);
    check_refused(Method::PUT, "events", &too_many, 400, "256");
    check_refused(
        Method::PUT,
        "events",
        &events("rebalance-recommendation", 10_000),
        400,
        "more than",
    );
    check_refused(
        Method::PUT,
        "faults",
        &events("fault", MAX_FAULTS + 1),
        400,
        "64",
    );
    let id = "x".repeat(MAX_ID_LEN + 1);
    let event = json!({ "type": "rebalance-recommendation", "id": id }).to_string();
    check_refused(Method::POST, "events", &event, 400, "id");
    let tags = json!({ "Tags": vec![json!({}); 257] }).to_string();
    check_refused(Method::PATCH, "instance", &tags, 400, "Tags: there are 257");
    let overrides = (0..=MAX_OVERRIDES).map(|n| (format!("meta-data/{n}"), json!("x")));
    let overrides =
        json!({ "Imdsim": { "Overrides": overrides.collect::<serde_json::Map<_, _>>() } });
    check_refused(
        Method::PATCH,
        "instance",
        &overrides.to_string(),
        400,
        "there are 2049",
    );
}

#[test]
fn changes_that_make_the_state_too_long_are_rejected_and_others_still_work() {
    let mut client = Client::new(&[]);
    let mut refused = 0;
    for number in 0..40 {
        let patch = json!({ format!("x{number}"): "y".repeat(900_000) }).to_string();
        assert!(patch.len() <= MAX_BODY_LEN);
        let before = client.store.clone();
        let (status, said) = call(&mut client, Method::PATCH, "instance", &patch);
        if status == 413 {
            refused += 1;
            assert!(said.contains("may be 1048576"), "{said}");
            assert_eq!(client.store, before);
        }
        assert!(client.store[STATE_KEY].len() <= MAX_STATE_LEN);
    }
    assert_eq!(refused, 39);
    client.control(Method::PATCH, "instance", r#"{"InstanceType":"m5.large"}"#);
    assert_eq!(client.text("/latest/meta-data/instance-type"), "m5.large");
    let (_, snapshot) = call(&mut client, Method::GET, "snapshot", "");
    client.control(Method::PUT, "snapshot", &snapshot);
    client.control(Method::POST, "reset", "");
}

#[test]
fn overrides_below_a_leaf_are_rejected_with_the_name_of_the_leaf() {
    let detail = "a leaf cannot be below a leaf, and meta-data/ami-id is one";
    check_refused(
        Method::PUT,
        "overrides/meta-data/ami-id/x",
        "x",
        400,
        detail,
    );
    let patch = r#"{"Imdsim":{"Overrides":{"meta-data/ami-id/x":"x"}}}"#;
    check_refused(Method::PATCH, "instance", patch, 400, detail);
    let patch = r#"{"Imdsim":{"Overrides":{"meta-data/a":"x","meta-data/a/b":"y"}}}"#;
    check_refused(Method::PATCH, "instance", patch, 400, "meta-data/a is one");
    let mut client = Client::new(&[("overrides", r#"{"meta-data/ami-id/x":"x"}"#)]);
    let (status, said) = call(&mut client, Method::GET, "health", "");
    assert_eq!(status, 500);
    assert!(
        said.contains(detail) && said.contains("IMDSIM_OVERRIDES"),
        "{said}"
    );
}

#[test]
fn override_by_a_setting_replaces_an_equivalent_path() {
    let instance = r#"{"Imdsim":{"Overrides":{"/meta-data//ami-id":"ami-1"}}}"#;
    let overrides = r#"{"meta-data/ami-id/":"ami-2"}"#;
    let mut client = Client::new(&[("instance", instance), ("overrides", overrides)]);
    assert_eq!(client.text("/latest/meta-data/ami-id"), "ami-2");
}

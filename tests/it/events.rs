//! Events, as seen by a program that polls every five seconds, like handlers of
//! Spot interruptions.

use http::{Method, Request};
use serde_json::{Value, json};

use crate::client::Client;

const NOTICE: &str = "/latest/meta-data/spot/instance-action";
const TERMINATION: &str = "/latest/meta-data/spot/termination-time";
const REBALANCE: &str = "/latest/meta-data/events/recommendations/rebalance";

/// Makes a control call and returns its status and document.
fn control(client: &mut Client, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(format!("/_imdsim/{path}"))
        .header("host", "127.0.0.1")
        .body(body.to_string().into_bytes())
        .unwrap();
    let response = client.send(&request);
    let document = serde_json::from_slice(response.body()).unwrap();
    (response.status().as_u16(), document)
}

#[track_caller]
fn done(answer: (u16, Value)) -> Value {
    assert_eq!(answer.0, 200, "{}", answer.1);
    answer.1
}

/// Seconds from now until a path first exists, polled every five seconds.
fn first_seen(client: &mut Client, path: &str) -> Option<i64> {
    (0..=600).step_by(5).find(|_| {
        let there = client.get(path).0 == 200;
        if !there {
            client.now = client.now.plus_seconds(5);
        }
        there
    })
}

fn spot_story(client: &mut Client) {
    let events = json!([
        { "type": "spot-interruption", "in": "5m" },
        { "type": "rebalance-recommendation", "in": "60s" },
    ]);
    done(control(client, Method::PUT, "events", &events));
}

#[test]
fn polling_handler_sees_a_spot_interruption_step_by_step() {
    let mut client = Client::new(&[]);
    let start = client.now;
    spot_story(&mut client);
    assert_eq!(first_seen(&mut client, REBALANCE), Some(60));
    assert_eq!(
        client.text(REBALANCE),
        format!(r#"{{"noticeTime": "{}"}}"#, start.plus_seconds(60).iso())
    );
    assert_eq!(client.get(NOTICE).0, 404);
    assert!(!client.text("/latest/meta-data/").contains("spot/"));
    assert_eq!(first_seen(&mut client, NOTICE), Some(240));
    let end = start.plus_seconds(420).iso();
    let expected = format!(r#"{{"action": "terminate", "time": "{end}"}}"#);
    assert_eq!(client.text(NOTICE), expected);
    assert_eq!(client.text(TERMINATION), end);
    assert!(client.text("/latest/meta-data/").contains("spot/"));
    done(control(&mut client, Method::POST, "reset", &json!({})));
    assert_eq!(client.get(NOTICE).0, 404);
    assert_eq!(client.get(REBALANCE).0, 404);
}

#[test]
fn cancelling_an_event_keeps_the_others() {
    let mut client = Client::new(&[]);
    spot_story(&mut client);
    done(control(&mut client, Method::DELETE, "events/1", &json!({})));
    assert_eq!(
        control(&mut client, Method::GET, "events/1", &json!({})).0,
        404
    );
    let added = json!({ "type": "lifecycle-state", "in": "10s" });
    let added = done(control(&mut client, Method::POST, "events", &added));
    assert_eq!(added["id"], "3");
    let target = "/latest/meta-data/autoscaling/target-lifecycle-state";
    assert_eq!(first_seen(&mut client, target), Some(10));
    assert_eq!(client.text(target), "Terminated");
    assert_eq!(first_seen(&mut client, REBALANCE), Some(50));
    assert_eq!(first_seen(&mut client, NOTICE), None);
    done(control(&mut client, Method::DELETE, "events", &json!({})));
    assert_eq!(client.get(REBALANCE).0, 404);
}

#[test]
fn events_follow_the_clock_and_wait_while_it_is_frozen() {
    let mut client = Client::new(&[]);
    spot_story(&mut client);
    done(control(
        &mut client,
        Method::PUT,
        "clock",
        &json!({ "shift": "+5m" }),
    ));
    assert_eq!(client.get(NOTICE).0, 200);
    let before = json!({ "freeze": client.now.iso() });
    done(control(&mut client, Method::PUT, "clock", &before));
    client.now = client.now.plus_seconds(3600);
    assert_eq!(client.get(NOTICE).0, 404);
    done(control(&mut client, Method::DELETE, "clock", &json!({})));
    assert_eq!(client.get(NOTICE).0, 200);
}

#[test]
fn maintenance_moves_from_scheduled_to_history() {
    let mut client = Client::new(&[]);
    let scheduled = "/latest/meta-data/events/maintenance/scheduled";
    let history = "/latest/meta-data/events/maintenance/history";
    assert_eq!(client.text(scheduled), "[]");
    for (code, state) in [
        ("instance-reboot", "active"),
        ("instance-retirement", "active"),
        ("instance-stop", "canceled"),
        ("system-reboot", "completed"),
        ("system-maintenance", "active"),
    ] {
        let event = json!({ "type": "maintenance", "in": "1m",
                            "event": { "Code": code, "State": state } });
        done(control(&mut client, Method::POST, "events", &event));
    }
    assert_eq!(client.text(scheduled), "[]");
    client.now = client.now.plus_seconds(60);
    let codes = |text: String| -> Vec<String> {
        let events: Vec<Value> = serde_json::from_str(&text).unwrap();
        let codes = events
            .iter()
            .map(|event| event["Code"].as_str().unwrap().to_owned());
        codes.collect()
    };
    assert_eq!(
        codes(client.text(scheduled)),
        [
            "instance-reboot",
            "instance-retirement",
            "system-maintenance"
        ]
    );
    assert_eq!(
        codes(client.text(history)),
        ["instance-stop", "system-reboot"]
    );
}

#[test]
fn applied_changes_can_be_changed_again() {
    let mut client = Client::new(&[]);
    let change =
        json!({ "type": "change", "in": "10s", "instance": { "InstanceType": "c5.large" } });
    done(control(&mut client, Method::POST, "events", &change));
    let path = "/latest/meta-data/instance-type";
    let before = client.text(path);
    client.now = client.now.plus_seconds(10);
    assert_eq!(client.text(path), "c5.large");
    let other = json!({ "InstanceType": "c6i.large" });
    done(control(&mut client, Method::PATCH, "instance", &other));
    assert_eq!(client.text(path), "c6i.large");
    done(control(&mut client, Method::POST, "reset", &json!({})));
    assert_eq!(client.text(path), before);
}

#[test]
fn changes_that_conflict_with_later_events_are_rejected() {
    let mut client = Client::new(&[]);
    let change = json!({ "type": "change", "in": "1h", "instance": { "PrivateIpAddress": "x" } });
    let (status, problem) = control(&mut client, Method::POST, "events", &change);
    assert_eq!(status, 400);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .starts_with("event 1: PrivateIpAddress: "),
        "{problem}"
    );
    assert_eq!(
        done(control(&mut client, Method::GET, "events", &json!({})))["events"],
        json!([])
    );
}

#[test]
fn timeline_restarts_on_reset() {
    let timeline = r#"{"events": [{"type": "rebalance-recommendation", "in": "30s"}]}"#;
    let mut client = Client::new(&[("timeline", timeline), ("started", "2026-11-01T00:00:00Z")]);
    assert_eq!(first_seen(&mut client, REBALANCE), Some(30));
    done(control(&mut client, Method::POST, "reset", &json!({})));
    assert_eq!(client.get(REBALANCE).0, 404);
    assert_eq!(first_seen(&mut client, REBALANCE), Some(30));
}

#[test]
fn instance_profile_can_be_detached_and_attached_at_run_time() {
    let mut client = Client::new(&[]);
    let role = "/latest/meta-data/iam/security-credentials/";
    let profile = done(control(&mut client, Method::GET, "instance", &json!({})));
    assert_eq!(client.get(role).0, 200);
    done(control(
        &mut client,
        Method::PATCH,
        "instance",
        &json!({ "IamInstanceProfile": null }),
    ));
    assert_eq!(client.get(role).0, 404);
    assert!(!client.text("/latest/meta-data/").contains("iam/"));
    let again = json!({ "IamInstanceProfile": profile["IamInstanceProfile"] });
    done(control(&mut client, Method::PATCH, "instance", &again));
    assert_eq!(client.get(role).0, 200);
}

//! What happens to an instance, told from the side of a program that looks
//! every five seconds, as handlers of Spot interruptions do.

use http::{Method, Request};
use serde_json::{Value, json};

use crate::client::Client;

const NOTICE: &str = "/latest/meta-data/spot/instance-action";
const TERMINATION: &str = "/latest/meta-data/spot/termination-time";
const REBALANCE: &str = "/latest/meta-data/events/recommendations/rebalance";

/// A call of the control API; its status and document.
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

/// The seconds from now at which a path first answers, looked at every five.
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
fn a_spot_story_unfolds_for_a_handler_that_polls() {
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
fn one_event_of_several_is_cancelled_and_the_others_come() {
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
fn the_clock_moves_events_and_a_frozen_one_holds_them() {
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
fn maintenance_is_scheduled_and_then_history() {
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
fn a_change_that_has_come_can_be_changed_again() {
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
fn a_change_that_would_lead_to_nonsense_some_day_is_refused_now() {
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
fn a_timeline_counts_from_the_start_and_again_from_a_reset() {
    let timeline = r#"{"events": [{"type": "rebalance-recommendation", "in": "30s"}]}"#;
    let mut client = Client::new(&[("timeline", timeline), ("started", "2026-11-01T00:00:00Z")]);
    assert_eq!(first_seen(&mut client, REBALANCE), Some(30));
    done(control(&mut client, Method::POST, "reset", &json!({})));
    assert_eq!(client.get(REBALANCE).0, 404);
    assert_eq!(first_seen(&mut client, REBALANCE), Some(30));
}

#[test]
fn an_instance_profile_is_detached_and_attached_while_it_runs() {
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

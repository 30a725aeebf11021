//! What happens to an instance, told from the side of a program that looks
//! every five seconds, as handlers of Spot interruptions do.

use http::{Method, Request};
use serde_json::{Value, json};

use crate::world::World;

const NOTICE: &str = "/latest/meta-data/spot/instance-action";
const TERMINATION: &str = "/latest/meta-data/spot/termination-time";
const REBALANCE: &str = "/latest/meta-data/events/recommendations/rebalance";

/// A call of the control API; its status and document.
fn control(world: &mut World, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(format!("/_imdsim/{path}"))
        .header("host", "127.0.0.1")
        .body(body.to_string().into_bytes())
        .unwrap();
    let response = world.send(&request);
    let document = serde_json::from_slice(response.body()).unwrap();
    (response.status().as_u16(), document)
}

#[track_caller]
fn done(answer: (u16, Value)) -> Value {
    assert_eq!(answer.0, 200, "{}", answer.1);
    answer.1
}

/// The seconds from now at which a path first answers, looked at every five.
fn first_seen(world: &mut World, path: &str) -> Option<i64> {
    (0..=600).step_by(5).find(|_| {
        let there = world.get(path).0 == 200;
        if !there {
            world.now = world.now.plus_seconds(5);
        }
        there
    })
}

fn spot_story(world: &mut World) {
    let events = json!([
        { "type": "spot-interruption", "in": "5m" },
        { "type": "rebalance-recommendation", "in": "60s" },
    ]);
    done(control(world, Method::PUT, "events", &events));
}

#[test]
fn a_spot_story_unfolds_for_a_handler_that_polls() {
    let mut world = World::new(&[]);
    let start = world.now;
    spot_story(&mut world);
    assert_eq!(first_seen(&mut world, REBALANCE), Some(60));
    assert_eq!(
        world.text(REBALANCE),
        format!(r#"{{"noticeTime": "{}"}}"#, start.plus_seconds(60).iso())
    );
    assert_eq!(world.get(NOTICE).0, 404);
    assert!(!world.text("/latest/meta-data/").contains("spot/"));
    assert_eq!(first_seen(&mut world, NOTICE), Some(240));
    let end = start.plus_seconds(420).iso();
    let expected = format!(r#"{{"action": "terminate", "time": "{end}"}}"#);
    assert_eq!(world.text(NOTICE), expected);
    assert_eq!(world.text(TERMINATION), end);
    assert!(world.text("/latest/meta-data/").contains("spot/"));
    done(control(&mut world, Method::POST, "reset", &json!({})));
    assert_eq!(world.get(NOTICE).0, 404);
    assert_eq!(world.get(REBALANCE).0, 404);
}

#[test]
fn one_event_of_several_is_cancelled_and_the_others_come() {
    let mut world = World::new(&[]);
    spot_story(&mut world);
    done(control(&mut world, Method::DELETE, "events/1", &json!({})));
    assert_eq!(
        control(&mut world, Method::GET, "events/1", &json!({})).0,
        404
    );
    let added = json!({ "type": "lifecycle-state", "in": "10s" });
    let added = done(control(&mut world, Method::POST, "events", &added));
    assert_eq!(added["id"], "3");
    let target = "/latest/meta-data/autoscaling/target-lifecycle-state";
    assert_eq!(first_seen(&mut world, target), Some(10));
    assert_eq!(world.text(target), "Terminated");
    assert_eq!(first_seen(&mut world, REBALANCE), Some(50));
    assert_eq!(first_seen(&mut world, NOTICE), None);
    done(control(&mut world, Method::DELETE, "events", &json!({})));
    assert_eq!(world.get(REBALANCE).0, 404);
}

#[test]
fn the_clock_moves_events_and_a_frozen_one_holds_them() {
    let mut world = World::new(&[]);
    spot_story(&mut world);
    done(control(
        &mut world,
        Method::PUT,
        "clock",
        &json!({ "shift": "+5m" }),
    ));
    assert_eq!(world.get(NOTICE).0, 200);
    let before = json!({ "freeze": world.now.iso() });
    done(control(&mut world, Method::PUT, "clock", &before));
    world.now = world.now.plus_seconds(3600);
    assert_eq!(world.get(NOTICE).0, 404);
    done(control(&mut world, Method::DELETE, "clock", &json!({})));
    assert_eq!(world.get(NOTICE).0, 200);
}

#[test]
fn maintenance_is_scheduled_and_then_history() {
    let mut world = World::new(&[]);
    let scheduled = "/latest/meta-data/events/maintenance/scheduled";
    let history = "/latest/meta-data/events/maintenance/history";
    assert_eq!(world.text(scheduled), "[]");
    for (code, state) in [
        ("instance-reboot", "active"),
        ("instance-retirement", "active"),
        ("instance-stop", "canceled"),
        ("system-reboot", "completed"),
        ("system-maintenance", "active"),
    ] {
        let event = json!({ "type": "maintenance", "in": "1m",
                            "event": { "Code": code, "State": state } });
        done(control(&mut world, Method::POST, "events", &event));
    }
    assert_eq!(world.text(scheduled), "[]");
    world.now = world.now.plus_seconds(60);
    let codes = |text: String| -> Vec<String> {
        let events: Vec<Value> = serde_json::from_str(&text).unwrap();
        let codes = events
            .iter()
            .map(|event| event["Code"].as_str().unwrap().to_owned());
        codes.collect()
    };
    assert_eq!(
        codes(world.text(scheduled)),
        [
            "instance-reboot",
            "instance-retirement",
            "system-maintenance"
        ]
    );
    assert_eq!(
        codes(world.text(history)),
        ["instance-stop", "system-reboot"]
    );
}

#[test]
fn a_change_that_has_come_can_be_changed_again() {
    let mut world = World::new(&[]);
    let change =
        json!({ "type": "change", "in": "10s", "instance": { "InstanceType": "c5.large" } });
    done(control(&mut world, Method::POST, "events", &change));
    let path = "/latest/meta-data/instance-type";
    let before = world.text(path);
    world.now = world.now.plus_seconds(10);
    assert_eq!(world.text(path), "c5.large");
    let other = json!({ "InstanceType": "c6i.large" });
    done(control(&mut world, Method::PATCH, "instance", &other));
    assert_eq!(world.text(path), "c6i.large");
    done(control(&mut world, Method::POST, "reset", &json!({})));
    assert_eq!(world.text(path), before);
}

#[test]
fn a_change_that_would_lead_to_nonsense_some_day_is_refused_now() {
    let mut world = World::new(&[]);
    let change = json!({ "type": "change", "in": "1h", "instance": { "PrivateIpAddress": "x" } });
    let (status, problem) = control(&mut world, Method::POST, "events", &change);
    assert_eq!(status, 400);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .starts_with("event 1: PrivateIpAddress: "),
        "{problem}"
    );
    assert_eq!(
        done(control(&mut world, Method::GET, "events", &json!({})))["events"],
        json!([])
    );
}

#[test]
fn a_timeline_counts_from_the_start_and_again_from_a_reset() {
    let timeline = r#"{"events": [{"type": "rebalance-recommendation", "in": "30s"}]}"#;
    let mut world = World::new(&[("timeline", timeline), ("started", "2026-11-01T00:00:00Z")]);
    assert_eq!(first_seen(&mut world, REBALANCE), Some(30));
    done(control(&mut world, Method::POST, "reset", &json!({})));
    assert_eq!(world.get(REBALANCE).0, 404);
    assert_eq!(first_seen(&mut world, REBALANCE), Some(30));
}

#[test]
fn an_instance_profile_is_detached_and_attached_while_it_runs() {
    let mut world = World::new(&[]);
    let role = "/latest/meta-data/iam/security-credentials/";
    let profile = done(control(&mut world, Method::GET, "instance", &json!({})));
    assert_eq!(world.get(role).0, 200);
    done(control(
        &mut world,
        Method::PATCH,
        "instance",
        &json!({ "IamInstanceProfile": null }),
    ));
    assert_eq!(world.get(role).0, 404);
    assert!(!world.text("/latest/meta-data/").contains("iam/"));
    let again = json!({ "IamInstanceProfile": profile["IamInstanceProfile"] });
    done(control(&mut world, Method::PATCH, "instance", &again));
    assert_eq!(world.get(role).0, 200);
}

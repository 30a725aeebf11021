//! Faults beyond transcripts: those that never respond, those that affect
//! secrets, and those that count clients.

use std::time::Duration;

use http::{Method, Request};
use imdsim::{Delivery, UnixMillis};
use serde_json::Value;

use crate::client::Client;

const ROLE: &str = "/latest/meta-data/iam/security-credentials/";
const ACTION: &str = "/latest/meta-data/spot/instance-action";

/// A client of an emulator with a fault preset.
fn under(preset: &str) -> Client {
    let mut client = Client::new(&[]);
    client.control(Method::PUT, &format!("faults/{preset}"), "");
    client
}

fn mint() -> Request<Vec<u8>> {
    Request::put("/latest/api/token")
        .header("x-aws-ec2-metadata-token-ttl-seconds", "21600")
        .body(Vec::new())
        .unwrap()
}

fn credentials(client: &mut Client, token: Option<&str>) -> Value {
    let (_, role) = client.fetch(ROLE, token);
    let path = format!("{ROLE}{}", String::from_utf8(role).unwrap());
    serde_json::from_slice(&client.fetch(&path, token).1).unwrap()
}

#[test]
fn exceeding_the_hop_limit_affects_only_token_responses() {
    let mut client = under("hop-limit-exceeded");
    let stalled = client.outcome(&mint());
    assert_eq!(stalled.delivery, Delivery::Aborted);
    assert!(stalled.delay >= Duration::from_hours(1));
    assert_eq!(client.fetch("/latest/meta-data/ami-id", None).0, 200);
}

#[test]
fn slow_service_responds_correctly_after_two_seconds() {
    let mut client = under("slow");
    let outcome = client.outcome(&mint());
    assert_eq!(outcome.delay, Duration::from_secs(2));
    assert_eq!(outcome.delivery, Delivery::Complete);
    assert_eq!(outcome.response.status, 200);
}

#[test]
fn expired_credentials_differ_only_in_expiring_an_hour_ago() {
    let mut client = Client::new(&[]);
    let good = credentials(&mut client, None);
    client.control(Method::PUT, "faults/expired-credentials", "");
    let expired = credentials(&mut client, None);
    assert_eq!(expired["AccessKeyId"], good["AccessKeyId"]);
    let end: UnixMillis = expired["Expiration"].as_str().unwrap().parse().unwrap();
    assert_eq!(end, client.now.plus_seconds(-3600));
    let updated: UnixMillis = expired["LastUpdated"].as_str().unwrap().parse().unwrap();
    assert!(updated < end);
}

#[test]
fn response_changed_by_a_fault_is_not_cached() {
    let timeline = r#"[{"type": "fault", "nth": 2, "credentials": "expired"}]"#;
    let mut client = Client::new(&[("timeline", timeline)]);
    let [first, expired, third] = [0; 3].map(|_| credentials(&mut client, None));
    assert_ne!(expired, first);
    assert_eq!(third, first);
}

#[test]
fn fault_counters_restart_on_reset_and_replacement() {
    let timeline = r#"[{"type": "fault", "first": 1, "status": 503}]"#;
    let mut client = Client::new(&[("timeline", timeline)]);
    let ami = "/latest/meta-data/ami-id";
    assert_eq!(client.fetch(ami, None).0, 503);
    assert_eq!(client.fetch(ami, None).0, 200);
    client.control(Method::POST, "reset", "");
    assert_eq!(client.fetch(ami, None).0, 503);
    assert_eq!(client.fetch(ami, None).0, 200);
    client.control(Method::PUT, "events", timeline);
    assert_eq!(client.fetch(ami, None).0, 503);
    assert_eq!(client.fetch(ami, None).0, 200);
}

#[test]
fn notice_is_limited_to_the_configured_number_of_clients() {
    let timeline = r#"[{"type": "spot-interruption"}]"#;
    let mut client = Client::new(&[("mock_ip_count", "2"), ("timeline", timeline)]);
    let mut ask = |path: &str, peer: &str| {
        let response = client.call(Method::GET, path, &[("x-imdsim-peer", peer)]);
        let body = String::from_utf8(response.body().clone()).unwrap();
        (response.status().as_u16(), body)
    };
    let listed = |(status, body): (u16, String)| status == 200 && body.contains("spot/");
    assert_eq!(ask(ACTION, "10.0.0.1").0, 200);
    assert!(listed(ask("/latest/meta-data/", "10.0.0.2")));
    assert!(listed(ask("/latest/meta-data/", "10.0.0.3")));
    assert_eq!(ask(ACTION, "10.0.0.3").0, 200);
    assert_eq!(ask(ACTION, "10.0.0.2").0, 404);
    assert!(!listed(ask("/latest/meta-data/", "10.0.0.2")));
    assert_eq!(ask(ACTION, "10.0.0.1").0, 200);
}

#[test]
fn credentials_are_renewed_on_request() {
    let mut client = Client::new(&[]);
    client.now = client.now.plus_seconds(600);
    let token = client.token("21600");
    let before = credentials(&mut client, Some(&token));
    let patch = r#"{"Imdsim": {"CredentialsRotationTime": "now"}}"#;
    client.control(Method::PATCH, "instance", patch);
    let after = credentials(&mut client, Some(&token));
    assert_ne!(before["AccessKeyId"], after["AccessKeyId"]);
    client.now = client.now.plus_seconds(3599);
    assert_eq!(credentials(&mut client, Some(&token)), after);
    client.now = client.now.plus_seconds(1);
    let next = credentials(&mut client, Some(&token));
    assert_ne!(next["AccessKeyId"], after["AccessKeyId"]);
}

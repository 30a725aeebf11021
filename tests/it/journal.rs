use http::Method;
use serde_json::Value;

use crate::client::Client;

const AMI: &str = "/latest/meta-data/ami-id";

fn requests(client: &mut Client, query: &str) -> Value {
    let path = format!("/_imdsim/requests{query}");
    let response = client.call(Method::GET, &path, &[("host", "localhost")]);
    assert_eq!(response.status(), 200);
    serde_json::from_slice(response.body()).unwrap()
}

#[test]
fn journal_keeps_the_latest_requests_and_counts_all() {
    let mut client = Client::new(&[("journal", "5")]);
    for _ in 0..100 {
        client.now = client.now.plus_seconds(1);
        assert_eq!(client.fetch(AMI, None).0, 200);
    }
    let told = requests(&mut client, "");
    let told = told["requests"].as_array().unwrap();
    assert_eq!(told.len(), 5);
    let times: Vec<_> = told.iter().map(|entry| entry["time"].as_str()).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(*times.last().unwrap(), Some(&*client.now.iso()));
    let entries = client
        .store
        .keys()
        .filter(|key| key.starts_with("imdsim/journal/"));
    assert!(entries.count() <= 10, "what is too old is deleted");
    let metrics = requests(&mut client, "/metrics");
    assert_eq!(metrics["MetadataNoToken"], 100);
}

#[test]
fn tokens_and_keys_are_never_recorded() {
    let mut client = Client::new(&[("journal", "100")]);
    let token = client.token("60");
    let role = "/latest/meta-data/iam/security-credentials/";
    let (_, name) = client.fetch(role, Some(&token));
    let path = format!("{role}{}", String::from_utf8(name).unwrap());
    let (_, document) = client.fetch(&path, Some(&token));
    let document: Value = serde_json::from_slice(&document).unwrap();
    let told = requests(&mut client, "").to_string();
    assert!(told.contains(&path), "{told}");
    for secret in [&*token, document["SecretAccessKey"].as_str().unwrap()] {
        assert!(!told.contains(secret), "{told}");
    }
}

#[test]
fn token_fingerprints_are_stable_and_distinct() {
    let mut client = Client::new(&[("journal", "100")]);
    let tokens = [client.token("60"), client.token("60")];
    for token in &tokens {
        client.fetch(AMI, Some(token));
    }
    let told = requests(&mut client, "");
    let prints: Vec<_> = (0..4).map(|n| &told["requests"][n]["token"]).collect();
    assert_eq!(prints[0], prints[2]);
    assert_eq!(prints[1], prints[3]);
    assert_ne!(prints[0], prints[1]);
}

#[test]
fn long_user_agents_are_truncated() {
    let mut client = Client::new(&[("journal", "100")]);
    let agent = "é".repeat(4000);
    client.call(Method::GET, AMI, &[("user-agent", &agent)]);
    let journal = requests(&mut client, "");
    let agent = journal["requests"][0]["user_agent"].as_str().unwrap();
    assert_eq!(agent.len(), 512);
}

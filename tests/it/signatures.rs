use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request};

use crate::client::Client;

const FOLDER: &str = "/latest/dynamic/instance-identity";
const LEAVES: [&str; 3] = ["pkcs7", "rsa2048", "signature"];

fn leaf(client: &mut Client, name: &str) -> String {
    client.text(&format!("{FOLDER}/{name}"))
}

#[test]
fn signatures_of_a_473_byte_document_have_the_captured_length() {
    let mut client = Client::new(&[]);
    assert_eq!(leaf(&mut client, "document").len(), 473);
    for (name, length) in [("signature", 174), ("pkcs7", 1167), ("rsa2048", 1487)] {
        let text = leaf(&mut client, name);
        assert_eq!(text.len(), length, "{name}:\n{text}");
        let (lines, last) = text.rsplit_once('\n').unwrap();
        assert!(lines.split('\n').all(|line| line.len() == 76), "{text}");
        assert!((1..=76).contains(&last.len()), "{text}");
        let opening = "MIAGCSqGSIb3DQEHAqCAMIACAQEx";
        assert_eq!(text.starts_with(opening), name != "signature", "{text}");
    }
}

#[test]
fn signatures_exist_in_the_same_versions_as_the_document() {
    let mut client = Client::new(&[]);
    for name in LEAVES {
        let path = |version| format!("/{version}/dynamic/instance-identity/{name}");
        assert_eq!(
            client.text(&path("2009-04-04")),
            client.text(&path("latest"))
        );
        assert_eq!(client.get(&path("2008-09-01")).0, 404);
    }
}

#[test]
fn signatures_of_a_document_do_not_change_over_time() {
    let (mut one, mut other) = (Client::new(&[]), Client::new(&[]));
    other.now = other.now.plus_seconds(1_000_000);
    for name in LEAVES {
        assert_eq!(leaf(&mut one, name), leaf(&mut other, name));
    }
    let mut other = Client::with_instance("reference.json");
    for name in LEAVES {
        assert_ne!(leaf(&mut one, name), leaf(&mut other, name));
    }
}

#[test]
fn overridden_document_is_signed() {
    let mut client = Client::new(&[(
        "overrides",
        r#"{"dynamic/instance-identity/document": "not what AWS says"}"#,
    )]);
    let document = leaf(&mut client, "document").into_bytes();
    assert_eq!(document, b"not what AWS says");
    let digits: String = leaf(&mut client, "pkcs7").lines().collect();
    let signed = STANDARD.decode(digits).unwrap();
    assert!(
        signed
            .windows(document.len())
            .any(|window| window == document)
    );
}

#[test]
fn changed_instance_gets_new_signatures() {
    let mut client = Client::new(&[]);
    let before = LEAVES.map(|name| leaf(&mut client, name));
    let change = Request::patch("/_imdsim/instance")
        .header("host", "localhost")
        .header("content-type", "application/merge-patch+json")
        .body(br#"{"InstanceType": "m5.large"}"#.to_vec());
    assert_eq!(client.send(&change.unwrap()).status(), 200);
    assert!(leaf(&mut client, "document").contains("m5.large"));
    for (name, before) in LEAVES.iter().zip(before) {
        assert_ne!(leaf(&mut client, name), before, "{name}");
    }
}

#[test]
fn stored_signatures_are_reused() {
    let mut client = Client::new(&[]);
    let made = LEAVES.map(|name| leaf(&mut client, name));
    assert_eq!(client.store.len(), 3);
    let stored = client.store.clone();
    client.restart();
    // A new component instance finds the stored signatures and stores no others.
    assert_eq!(LEAVES.map(|name| leaf(&mut client, name)), made);
    assert_eq!(client.store, stored);
    assert_eq!(client.writes, 3);
}

#[test]
fn tampered_stored_signatures_are_ignored() {
    let mut client = Client::new(&[]);
    let made = leaf(&mut client, "pkcs7");
    let stored = client.store.clone();
    for damage in [
        |value: &mut Vec<u8>| value.clear(),
        |value: &mut Vec<u8>| value.truncate(1000),
        |value: &mut Vec<u8>| value[100] ^= 1,
        |value: &mut Vec<u8>| value[0] ^= 1,
        |value: &mut Vec<u8>| *value = b"MIAGCSqGSIb3DQEHAqCAMIACAQEx".to_vec(),
    ] {
        client.store.values_mut().for_each(damage);
        client.restart();
        assert_eq!(leaf(&mut client, "pkcs7"), made);
        assert_eq!(client.store, stored);
    }
}

#[test]
fn rejected_requests_create_no_signature() {
    let mut client = Client::new(&[("http_tokens", "required")]);
    let path = format!("{FOLDER}/rsa2048");
    assert_eq!(client.call(Method::GET, &path, &[]).status(), 401);
    assert!(client.store.is_empty());
    // Listings do not either.
    client.text(FOLDER);
    assert!(client.store.is_empty());
}

#[test]
fn certificates_require_access_to_the_control_api() {
    let mut client = Client::new(&[]);
    let mut get = |path: &str, host| client.call(Method::GET, path, &[("host", host)]);
    for name in ["dsa", "rsa", "rsa2048"] {
        let path = format!("/_imdsim/certificates/{name}.pem");
        let response = get(&path, "localhost");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/x-pem-file");
        let text = String::from_utf8(response.into_body()).unwrap();
        assert!(text.starts_with("-----BEGIN CERTIFICATE-----\n"), "{text}");
        assert!(text.ends_with("\n-----END CERTIFICATE-----\n"), "{text}");
        assert_eq!(get(&path, "preview.example.com").status(), 403);
    }
    for name in ["", "/", "/ecdsa.pem", "/dsa"] {
        let response = get(&format!("/_imdsim/certificates{name}"), "localhost");
        assert_eq!(response.status(), 404);
        let text = String::from_utf8(response.into_body()).unwrap();
        assert!(text.contains("rsa.pem, dsa.pem, rsa2048.pem"), "{text}");
    }
    let path = "/_imdsim/certificates/dsa.pem";
    let put = client.call(Method::PUT, path, &[("host", "localhost")]);
    assert_eq!(put.status(), 405);
}

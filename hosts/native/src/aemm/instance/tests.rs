use serde_json::json;

use super::*;

/// Checks the texts at some paths of an instance with these values, and the
/// warnings.
struct Described {
    shown: Shown,
    warnings: Vec<String>,
}

impl Described {
    fn new(file: &str) -> Self {
        let mut layers = Layers::default();
        layers.add_file("aemm.json", file).unwrap();
        let before = json!({ "IamInstanceProfile": {} });
        let document = describe(&mut layers, &before).unwrap().unwrap();
        Self {
            shown: Shown::new(&document).unwrap(),
            warnings: layers.warnings,
        }
    }

    #[track_caller]
    fn check(&self, path: &str, expected: Option<&str>) {
        let found = match self.shown.at(path) {
            Some(Node::Text(text)) => Some(text.trim_end().to_owned()),
            Some(Node::Listing(names)) => Some(names),
            _ => None,
        };
        assert_eq!(found.as_deref(), expected, "{path}");
    }
}

#[test]
fn without_values_the_instance_is_unchanged() {
    let mut layers = Layers::default();
    layers.add_file("aemm.json", r#"{"imdsv2": true}"#).unwrap();
    assert_eq!(describe(&mut layers, &json!({})).unwrap(), None);
}

#[test]
fn a_value_changes_all_paths_with_its_fact() {
    let described = Described::new(
        r#"{"metadata": {"values": {
            "instance-id": "i-0aaaaaaaaaaaaaaaa", "mac": "0e:00:00:00:00:01",
            "local-ipv4": "10.1.2.3", "placement-availability-zone": "eu-west-1b",
            "security-groups": "web\nssh", "tags-instance-name": "blue",
            "iam-security-credentials-role": "reader",
            "public-key": "ssh-ed25519 AAAA mine"}}}"#,
    );
    for (path, expected) in [
        ("meta-data/instance-id", "i-0aaaaaaaaaaaaaaaa"),
        ("meta-data/network/interfaces/macs", "0e:00:00:00:00:01/"),
        (
            "meta-data/network/interfaces/macs/0e:00:00:00:00:01/local-ipv4s",
            "10.1.2.3",
        ),
        (
            "meta-data/hostname",
            "ip-10-1-2-3.eu-west-1.compute.internal",
        ),
        ("meta-data/placement/region", "eu-west-1"),
        ("meta-data/security-groups", "web\nssh"),
        ("meta-data/tags/instance/Name", "blue"),
        ("meta-data/iam/security-credentials", "reader"),
        (
            "meta-data/public-keys/0/openssh-key",
            "ssh-ed25519 AAAA mine",
        ),
    ] {
        described.check(path, Some(expected));
    }
    assert!(described.warnings.is_empty(), "{:?}", described.warnings);
}

#[test]
fn a_value_without_a_fact_is_served_at_its_path() {
    let described = Described::new(
        r#"{"metadata": {"values": {
            "hostname": "one.example", "local-hostname": "two.example",
            "block-device-mapping-ebs": "sdb", "public-ipv4": "198.51.100.7",
            "mac-ipv4-associations": "198.51.100.7", "mac-network-interface-card-index": "0"}},
           "dynamic": {"values": {"fws-instance-monitoring": "disabled"}}}"#,
    );
    described.check("meta-data/hostname", Some("one.example"));
    described.check("meta-data/local-hostname", Some("two.example"));
    described.check("meta-data/block-device-mapping/ebs0", Some("sdb"));
    described.check("dynamic/fws/instance-monitoring", Some("disabled"));
    let Some(Node::Text(mac)) = described.shown.at("meta-data/mac") else {
        panic!("it has a MAC address");
    };
    let interface = format!("meta-data/network/interfaces/macs/{mac}");
    let association = format!("{interface}/ipv4-associations/198.51.100.7");
    described.check(&association, Some("198.51.100.7"));
    described.check(&format!("{interface}/network-card-index"), Some("0"));
    assert!(described.warnings.is_empty(), "{:?}", described.warnings);
}

#[test]
fn an_invalid_value_is_served_at_its_path_with_a_warning() {
    let described = Described::new(r#"{"metadata": {"values": {"mac": "FOO"}}}"#);
    described.check("meta-data/mac", Some("FOO"));
    assert_eq!(
        described.warnings,
        [
            "aemm.json: metadata.values.mac: NetworkInterfaces[0].MacAddress: \"FOO\" is not \
             a MAC address; write six bytes in hexadecimal, as in 0e:ff:cd:d5:fd:4f; served \
             at its path and nowhere else"
        ]
    );
}

#[test]
fn categories_override_document_fields() {
    let described = Described::new(
        r#"{"metadata": {"values": {"instance-type": "m5.large", "iam-info": {
                "code": "InstanceProfileNotFound", "lastupdated": "2020-04-02T18:50:40Z"}}},
            "dynamic": {"values": {"instance-identity-document": {
                "instanceType": "t3.nano", "imageId": "ami-1", "kernelId": null,
                "marketplaceProductCodes": ["a", "b"]}}}}"#,
    );
    described.check("meta-data/instance-type", Some("m5.large"));
    described.check("meta-data/ami-id", Some("ami-1"));
    described.check("meta-data/product-codes", Some("a\nb"));
    let Some(Node::Text(info)) = described.shown.at("meta-data/iam/info") else {
        panic!("it has a profile");
    };
    assert!(info.contains("InstanceProfileNotFound"), "{info}");
    assert_eq!(
        described.warnings,
        [
            "aemm.json: metadata.values.iam-info.lastupdated: imdsim works this out itself; \
             ignored",
            "aemm.json: dynamic.values.instance-identity-document.instanceType: \
             metadata.values say \"m5.large\", which counts; ignored",
        ]
    );
}

#[test]
fn a_custom_path_moves_its_text() {
    let described = Described::new(
        r#"{"metadata": {
            "values": {"mac": "0e:00:00:00:00:01", "instance-id": "i-0aaaaaaaaaaaaaaaa"},
            "paths": {
                "instance-id": "/latest/meta-data/name",
                "ami-id": "/latest/meta-data/ami-id",
                "mac-mac": "/latest/meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/mac",
                "mac-owner-id": "/latest/meta-data/network/interfaces/macs/0e:00:00:00:00:01/owner-id",
                "spot": "/latest/meta-data/spot/elsewhere",
                "kernel-id": "/latest/meta-data/kernel"}}}"#,
    );
    described.check("meta-data/name", Some("i-0aaaaaaaaaaaaaaaa"));
    described.check("meta-data/instance-id", None);
    described.check(
        "meta-data/network/interfaces/macs",
        Some("0e:00:00:00:00:01/"),
    );
    assert_eq!(
        described.warnings,
        [
            "aemm.json: metadata.paths.spot: this has a path that stays; ignored",
            "aemm.json: metadata.paths.kernel-id: /latest/meta-data/kernel-id has no text to move; \
             ignored",
        ]
    );
}

#[test]
fn a_path_outside_the_metadata_is_rejected() {
    let mut layers = Layers::default();
    let file = r#"{"metadata": {"paths": {"ami-id": "/2019-10-01/ami"}}}"#;
    layers.add_file("aemm.json", file).unwrap();
    assert_eq!(
        describe(&mut layers, &json!({})).unwrap_err().to_string(),
        "aemm.json: metadata.paths.ami-id: \"/2019-10-01/ami\" is not a metadata path; \
         write one below /latest/meta-data/"
    );
}

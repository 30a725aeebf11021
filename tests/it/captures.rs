use crate::client::Client;

/// The captured instance: a role, a key pair, tags, no public address.
fn reference() -> Client {
    Client::with_instance("reference.json")
}

#[test]
fn root_lists_31_versions_in_329_bytes() {
    let root = reference().text("/");
    assert_eq!(root.len(), 329);
    assert_eq!(root.lines().count(), 31);
    assert!(root.starts_with("1.0\n") && root.ends_with("\nlatest"));
}

#[test]
fn listings_of_every_version_have_the_captured_length() {
    let sizes = [
        ("1.0", 117),
        ("2007-01-19", 132),
        ("2007-03-01", 132),
        ("2007-08-29", 146),
        ("2007-10-10", 146),
        ("2007-12-15", 176),
        ("2008-02-01", 187),
        ("2008-09-01", 203),
        ("2009-04-04", 203),
        ("2011-01-01", 216),
        ("2011-05-01", 225),
        ("2012-01-12", 230),
        ("2014-02-25", 240),
        ("2014-11-05", 240),
        ("2015-10-20", 240),
        ("2016-04-19", 240),
        ("2016-06-30", 240),
        ("2016-09-02", 240),
        ("2018-03-28", 262),
        ("2018-08-17", 270),
        ("2018-09-24", 270),
        ("2019-10-01", 290),
        ("2020-10-27", 290),
        ("2021-01-03", 290),
        ("2021-03-23", 296),
        ("2021-07-15", 296),
        ("2022-09-24", 303),
        ("2024-04-11", 303),
        ("2025-10-04", 313),
        ("2026-04-15", 313),
        ("latest", 313),
    ];
    let mut client = reference();
    assert!(
        client
            .text("/")
            .lines()
            .eq(sizes.map(|(version, _)| version))
    );
    for (version, size) in sizes {
        let listing = client.text(&format!("/{version}/meta-data/"));
        assert_eq!(listing.len(), size, "{version}:\n{listing}");
    }
}

#[test]
fn directories_match_the_captures() {
    let mut client = reference();
    let mac = "/latest/meta-data/network/interfaces/macs/0e:ff:d5:40:fe:7d";
    for (path, listing) in [
        ("/latest", "dynamic\nmeta-data\nuser-data"),
        ("/2007-01-19", "meta-data\nuser-data"),
        ("/latest/meta-data/block-device-mapping/", "ami\nroot"),
        (
            "/latest/meta-data/placement",
            "availability-zone\navailability-zone-id\nregion",
        ),
        ("/2016-06-30/meta-data/placement", "availability-zone"),
        ("/latest/meta-data/services/", "domain\npartition"),
        ("/latest/meta-data/public-keys/", "0=suite"),
        ("/latest/meta-data/public-keys/0", "openssh-key"),
        ("/latest/meta-data/network", "interfaces/"),
        ("/latest/meta-data/network/interfaces", "macs/"),
        (
            "/latest/meta-data/network/interfaces/macs",
            "0e:ff:d5:40:fe:7d/",
        ),
        ("/latest/meta-data/tags", "instance/"),
        ("/latest/meta-data/tags/instance", "empty\nsuite"),
        ("/latest/meta-data/tag-sets", "instance"),
        ("/latest/meta-data/identity-credentials", "ec2/"),
        (
            "/latest/meta-data/identity-credentials/ec2",
            "info\nsecurity-credentials/",
        ),
        (
            "/latest/meta-data/identity-credentials/ec2/security-credentials",
            "ec2-instance",
        ),
        ("/latest/meta-data/metrics", "vhostmd"),
        ("/latest/meta-data/iam", "info\nsecurity-credentials/"),
        ("/latest/meta-data/iam/security-credentials/", "web-guest"),
        ("/latest/meta-data/events", "maintenance/"),
        ("/latest/meta-data/events/maintenance", "history\nscheduled"),
        ("/latest/dynamic", "instance-identity/"),
        (
            "/latest/dynamic/instance-identity/",
            "document\npkcs7\nrsa2048\nsignature",
        ),
    ] {
        assert_eq!(client.text(path), listing, "{path}");
    }
    assert_eq!(client.text(mac).len(), 182);
    let old = "/2016-04-19/meta-data/network/interfaces/macs/0e:ff:d5:40:fe:7d";
    assert_eq!(client.text(old).lines().count(), 12);
}

#[test]
fn identity_document_has_the_captured_length() {
    let document = reference().text("/latest/dynamic/instance-identity/document");
    assert_eq!(document.len(), 474);
}

#[test]
fn public_key_line_ends_in_the_key_name_and_a_newline() {
    let line = reference().text("/latest/meta-data/public-keys/0/openssh-key");
    assert!(line.ends_with(" suite\n"), "{line}");
}

#[test]
fn served_metadata_matches_the_description() {
    let mut client = Client::with_instance("describe-instances.json");
    let mac = "/latest/meta-data/network/interfaces/macs/0e:ff:cd:d5:fd:4f/";
    for (path, value) in [
        ("/latest/meta-data/instance-id", "i-0885117ca4f076833"),
        ("/latest/meta-data/instance-type", "t3.nano"),
        (
            "/latest/meta-data/placement/availability-zone",
            "us-east-1a",
        ),
        (
            "/latest/meta-data/placement/availability-zone-id",
            "use1-az6",
        ),
        ("/latest/meta-data/local-ipv4", "10.237.0.16"),
        ("/latest/meta-data/public-ipv4", "203.0.113.25"),
        ("/latest/meta-data/hostname", "ip-10-237-0-16.ec2.internal"),
        ("/latest/meta-data/reservation-id", "r-032a44e0fcceb051c"),
        ("/latest/meta-data/iam/security-credentials/", "web-guest"),
        ("/latest/meta-data/tags/instance/suite", "web"),
        ("/latest/meta-data/tag-sets/instance", r#"{"suite":"web"}"#),
    ] {
        assert_eq!(client.text(path), value, "{path}");
    }
    for (leaf, value) in [
        ("interface-id", "eni-088bd588ab00c5714"),
        ("ipv4-associations/203.0.113.25", "10.237.0.16"),
        ("local-ipv4s", "10.237.0.16"),
        ("owner-id", "000000000000"),
        ("subnet-ipv4-cidr-block", "10.237.0.0/27"),
        ("vpc-ipv4-cidr-blocks", "10.237.0.0/24"),
        ("security-group-ids", "sg-0830db79a0cbb5b67"),
    ] {
        assert_eq!(client.text(&format!("{mac}{leaf}")), value, "{leaf}");
    }
    // The VPC has no public host names, the type has one card, nothing is IPv6.
    for leaf in ["public-hostname", "network-card", "ipv6s", "ipv6-prefix"] {
        assert_eq!(client.get(&format!("{mac}{leaf}")).0, 404, "{leaf}");
    }
}

#[test]
fn credentials_have_the_captured_layout() {
    let mut client = reference();
    for path in [
        "/latest/meta-data/iam/security-credentials/web-guest",
        "/latest/meta-data/identity-credentials/ec2/security-credentials/ec2-instance",
    ] {
        let document = client.text(path);
        let lines: Vec<_> = document.lines().collect();
        let keys: Vec<_> = lines[1..8]
            .iter()
            .map(|line| line.split(" : ").next().unwrap().trim())
            .collect();
        let expected = "Code LastUpdated Type AccessKeyId SecretAccessKey Token Expiration";
        assert_eq!(keys.join(" ").replace('"', ""), expected);
        assert_eq!((lines.len(), lines[0], lines[8]), (9, "{", "}"));
        assert_eq!(lines[1], "  \"Code\" : \"Success\",");
        assert_eq!(lines[3], "  \"Type\" : \"AWS-HMAC\",");
        assert!(!document.ends_with('\n'));
        serde_json::from_str::<serde_json::Value>(&document).unwrap();
    }
}

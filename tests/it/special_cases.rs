use http::{Method, Request};
use serde_json::{Value, json};

use crate::client::Client;

/// An emulator of an instance that needs no token.
fn serve(instance: &Value) -> Client {
    Client::new(&[("instance", &instance.to_string())])
}

/// The text at a path below `latest/meta-data/`, if it exists.
fn read(client: &mut Client, path: &str) -> Option<String> {
    let (status, body) = client.fetch(&format!("/latest/meta-data/{path}"), None);
    (status == 200).then(|| String::from_utf8(body).unwrap())
}

/// The error message of a rejected instance.
fn refusal(instance: &Value) -> String {
    let response = serve(instance).call(Method::GET, "/", &[]);
    assert_eq!(response.status(), 500, "{instance}");
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    body["detail"].as_str().unwrap().to_owned()
}

/// The response to a PATCH control call.
fn patch(client: &mut Client, path: &str, body: &Value) -> (u16, Value) {
    let request = Request::builder()
        .method(Method::PATCH)
        .uri(format!("/_imdsim/{path}"))
        .header("host", "localhost");
    let request = request.body(body.to_string().into_bytes()).unwrap();
    let response = client.send(&request);
    let body = serde_json::from_slice(response.body()).unwrap();
    (response.status().as_u16(), body)
}

#[test]
fn efa_only_interface_without_an_address_lists_thirteen_names() {
    let mut client = serve(
        &json!({"InstanceType": "p5.48xlarge", "NetworkInterfaces": [
            {"MacAddress": "0e:00:00:00:00:01", "Attachment": {"DeviceIndex": 0}},
            {"MacAddress": "0e:00:00:00:00:02", "InterfaceType": "efa-only",
             "Attachment": {"DeviceIndex": 1, "NetworkCardIndex": 1}},
        ]}),
    );
    let mut list = |mac| read(&mut client, &format!("network/interfaces/macs/{mac}/")).unwrap();
    let efa = list("0e:00:00:00:00:02");
    let plain = list("0e:00:00:00:00:01");
    assert_eq!(plain.replace("local-ipv4s\n", ""), efa);
    assert_eq!((plain.lines().count(), efa.lines().count()), (14, 13));
    assert!(efa.contains("\nlocal-hostname\n"), "{efa}");
}

#[test]
fn other_interfaces_without_an_address_have_no_host_name() {
    let mut client = serve(&json!({"NetworkInterfaces": [
        {}, {"MacAddress": "0e:00:00:00:00:02", "InterfaceType": "trunk"},
    ]}));
    let listing = read(&mut client, "network/interfaces/macs/0e:00:00:00:00:02/").unwrap();
    assert!(!listing.contains("local-hostname"), "{listing}");
}

#[test]
fn volumes_attached_after_the_launch_are_not_mapped() {
    let volume = |device: &str, attached: &str| json!({"DeviceName": device, "Ebs": {"AttachTime": attached}});
    let instance = |attached: &str| {
        json!({"LaunchTime": "2026-01-01T00:00:00Z", "RootDeviceName": "/dev/xvda",
        "BlockDeviceMappings": [
            volume("/dev/xvda", "2026-01-01T00:00:01Z"),
            volume("/dev/sdf", attached),
            volume("/dev/sdg", "2026-01-01T00:00:01+00:00"),
        ]})
    };
    for (attached, listing, first) in [
        ("2026-01-02T00:00:00Z", "ami\nebs1\nroot", "sdg"),
        ("2026-01-01T00:00:10.001Z", "ami\nebs1\nroot", "sdg"),
        ("2026-01-01T00:00:10Z", "ami\nebs1\nebs2\nroot", "sdf"),
        // A volume kept across stop and start.
        ("2025-06-01T00:00:00Z", "ami\nebs1\nebs2\nroot", "sdf"),
        ("", "ami\nebs1\nebs2\nroot", "sdf"),
    ] {
        let mut client = serve(&instance(attached));
        let found = read(&mut client, "block-device-mapping/").unwrap();
        assert_eq!(found, listing, "{attached}");
        assert_eq!(
            read(&mut client, "block-device-mapping/ebs1").unwrap(),
            first
        );
    }
    let alone = json!({"LaunchTime": "2026-01-01T00:00:00Z", "BlockDeviceMappings": [
        volume("/dev/sdf", "2026-01-02T00:00:00Z")]});
    let found = read(&mut serve(&alone), "block-device-mapping/");
    assert_eq!(found.unwrap(), "ami\nroot");
}

#[test]
fn instance_of_an_auto_scaling_group_is_in_service_by_default() {
    const PATH: &str = "autoscaling/target-lifecycle-state";
    let tags = json!([{"Key": "aws:autoscaling:groupName", "Value": "web"}]);
    let in_group = |extras: &Value| serve(&json!({"Tags": tags, "Imdsim": extras}));
    for (extras, state) in [
        (json!({}), Some("InService")),
        (json!({"TargetLifecycleState": "Standby"}), Some("Standby")),
        (json!({"TargetLifecycleState": null}), None),
        (json!({"TargetLifecycleState": ""}), None),
    ] {
        let mut client = in_group(&extras);
        assert_eq!(read(&mut client, PATH).as_deref(), state, "{extras}");
        let listing = read(&mut client, "").unwrap();
        assert_eq!(
            listing.contains("autoscaling/"),
            state.is_some(),
            "{extras}"
        );
        let event = r#"{"type": "lifecycle-state"}"#;
        client.control(Method::POST, "events", event);
        assert_eq!(read(&mut client, PATH).unwrap(), "Terminated");
    }
    assert_eq!(read(&mut serve(&json!({})), PATH), None);
    let mut client = in_group(&json!({}));
    let none = r#"{"Imdsim": {"TargetLifecycleState": null}}"#;
    client.control(Method::PATCH, "instance", none);
    assert_eq!(read(&mut client, PATH), None);
}

#[test]
fn zone_and_zone_id_imply_each_other() {
    for (zone, id) in [
        ("eusc-de-east-1a", "euscdee1-az1"),
        ("us-isob-east-1b", "usibe1-az2"),
        ("us-isof-south-1a", "usifs1-az1"),
        ("eu-isoe-west-1a", "euiew1-az1"),
    ] {
        let mut client = serve(&json!({"Placement": {"AvailabilityZone": zone}}));
        assert_eq!(
            read(&mut client, "placement/availability-zone-id").unwrap(),
            id
        );
    }
    for instance in [
        json!({"Placement": {"AvailabilityZoneId": "apne1-az4"}}),
        json!({"Imdsim": {"AvailabilityZoneId": "apne1-az4"}}),
    ] {
        let mut client = serve(&instance);
        assert_eq!(
            read(&mut client, "placement/region").unwrap(),
            "ap-northeast-1"
        );
        let zone = read(&mut client, "placement/availability-zone").unwrap();
        assert!(zone.starts_with("ap-northeast-1"), "{zone}");
        assert_eq!(
            read(&mut client, "placement/availability-zone-id").unwrap(),
            "apne1-az4"
        );
        let hostname = read(&mut client, "hostname").unwrap();
        assert!(
            hostname.ends_with(".ap-northeast-1.compute.internal"),
            "{hostname}"
        );
    }
    let both =
        json!({"Placement": {"AvailabilityZone": "eu-west-1c", "AvailabilityZoneId": "use1-az1"}});
    assert_eq!(
        read(&mut serve(&both), "placement/region").unwrap(),
        "eu-west-1"
    );
    let nowhere = refusal(&json!({"Placement": {"AvailabilityZoneId": "az1"}}));
    assert!(
        nowhere.contains(
            "Placement.AvailabilityZoneId: \"az1\" is not in any Region; write it like use1-az1"
        ),
        "{nowhere}"
    );
}

#[test]
fn types_with_several_network_cards_have_the_card_of_the_first_interface() {
    for (instance_type, card) in [
        ("p6e-gb200.36xlarge", Some("0")),
        ("i7ie.48xlarge", Some("0")),
        ("p5.4xlarge", None),
    ] {
        let mut client = serve(&json!({"InstanceType": instance_type}));
        let mac = read(&mut client, "mac").unwrap();
        let found = read(
            &mut client,
            &format!("network/interfaces/macs/{mac}/network-card"),
        );
        assert_eq!(found.as_deref(), card, "{instance_type}");
    }
}

#[test]
fn metadata_over_ipv6_is_rejected_for_xen_types() {
    let options = json!({"HttpProtocolIpv6": "enabled"});
    let instance = |kind: &str| json!({"InstanceType": kind, "MetadataOptions": options});
    let said = refusal(&instance("t2.micro"));
    assert!(
        said.contains(
            "MetadataOptions.HttpProtocolIpv6: EC2 refuses enabled for Xen instance types, and \
             t2.micro is one; write disabled, or take a Nitro type such as t3.micro"
        ),
        "{said}"
    );
    assert!(read(&mut serve(&instance("i3.metal")), "ami-id").is_some());
    let mut client = serve(&json!({"InstanceType": "m4.large"}));
    assert_eq!(patch(&mut client, "metadata-options", &options).0, 400);
    let mut client = serve(&instance("t3.micro"));
    let (status, body) = patch(
        &mut client,
        "instance",
        &json!({"InstanceType": "t2.micro"}),
    );
    assert_eq!(status, 400, "{body}");
}

#[test]
fn tag_keys_invalid_in_metadata_are_rejected_if_tags_are_enabled() {
    let shown = json!({"InstanceMetadataTags": "enabled"});
    let tagged = |key: &str| json!({"Tags": [{"Key": key, "Value": ""}], "MetadataOptions": shown});
    for key in ["é", "", "a b", "a/b", ".", "..", "_index", &"x".repeat(256)] {
        let said = refusal(&tagged(key));
        assert!(said.contains("Tags[0].Key: "), "{key}: {said}");
        let mut hidden = tagged(key);
        hidden["MetadataOptions"] = json!({});
        let mut client = serve(&hidden);
        assert!(read(&mut client, "ami-id").is_some(), "{key}");
        assert_eq!(
            patch(&mut client, "metadata-options", &shown).0,
            400,
            "{key}"
        );
    }
    for key in ["Az09-_+=,.@:", "...", "_index_", &"x".repeat(255)] {
        let mut client = serve(&tagged(key));
        assert_eq!(read(&mut client, "tags/instance/").unwrap(), key);
    }
}

#[test]
fn patches_with_an_unknown_field_of_imdsim_are_rejected() {
    let mut client = serve(&json!({}));
    let (status, body) = patch(&mut client, "instance", &json!({"Imdsim": {"Foo": 1}}));
    assert_eq!(status, 400);
    let detail = body["detail"].as_str().unwrap();
    assert!(
        detail.contains("Imdsim.Foo: unknown field; did you mean "),
        "{detail}"
    );
    let known = json!({"InstanceId": "i-1", "instance_id": "i-2"});
    assert_eq!(patch(&mut client, "instance", &known).0, 200);
}

#[test]
fn health_lists_warnings_about_the_settings() {
    let health = |settings: &[(&str, &str)]| -> Value {
        let response = Client::new(settings).call(Method::GET, "/_imdsim/health", &[]);
        serde_json::from_slice(response.body()).unwrap()
    };
    assert_eq!(health(&[]).get("warnings"), None);
    let instances = r#"[{"InstanceId": "i-1", "State": {"Name": "terminated"}},
                        {"InstanceId": "i-2", "State": {"Name": "running"}, "tags": []}]"#;
    assert_eq!(
        health(&[("instance", instances)])["warnings"],
        json!([
            "IMDSIM_INSTANCE: 2 instances are described; serving i-2 (running)",
            "IMDSIM_INSTANCE: unknown field `tags` is ignored; did you mean `Tags`?",
        ])
    );
    let keys = |end: &str| json!({"AccessKeyId": "ASIA", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": end});
    let expired = keys("2026-01-01T00:00:00Z").to_string();
    assert_eq!(
        health(&[("credentials", &expired)])["warnings"],
        json!([
            "the credentials expired at 2026-01-01T00:00:00Z, and AWS refuses them; get new ones"
        ])
    );
    let good = keys("2027-01-01T00:00:00Z").to_string();
    assert_eq!(health(&[("credentials", &good)]).get("warnings"), None);
}

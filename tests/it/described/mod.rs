//! Generated descriptions that EC2 could return: they vary in every field and are
//! consistent in themselves.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Interfaces, addresses and blocks.
mod network;
/// Region, placement, profile, purchasing option.
mod place;

use network::network;
use place::place;

const ACCOUNT: &str = "123456789012";
const INSTANCE: &str = "i-0a1b2c3d4e5f60718";

/// Existing and missing leaves in existing and missing directories; none is below
/// another.
const OVERRIDDEN: [&str; 10] = [
    "dynamic/fws/instance-monitoring",
    "dynamic/instance-identity/document",
    "meta-data/instance-id",
    "meta-data/made/up/leaf",
    "meta-data/placement/region",
    "meta-data/public-ipv4",
    "meta-data/public-keys/0/openssh-key",
    "meta-data/public-keys/7/openssh-key",
    "meta-data/tags/instance/added",
    "user-data",
];

/// An instance document, as in a reservation.
pub(crate) fn document() -> impl Strategy<Value = Value> {
    let parts = (identity(), place(), network(), options(), extras());
    parts.prop_map(|(identity, place, network, options, extras)| {
        let mut instance = Map::new();
        instance.insert("InstanceId".into(), INSTANCE.into());
        instance.extend(identity);
        instance.extend(place.fields());
        instance.extend(network.fields(&place));
        instance.extend(options);
        let mut imdsim = extras;
        imdsim.insert("SpotInstanceAction".into(), place.notice().into());
        imdsim.extend(network.imdsim());
        instance.insert("Imdsim".into(), imdsim.into());
        json!({"Reservations": [{"OwnerId": ACCOUNT, "Instances": [instance]}]})
    })
}

/// Image, type, kernel, products.
fn identity() -> impl Strategy<Value = Map<String, Value>> {
    let paravirtual = option::of((Just("aki-1a2b3c4d"), option::of(Just("ari-1a2b3c4d"))));
    let codes = vec(("[0-9a-z]{25}", select(&["marketplace", "devpay"])), 0..3);
    let devices = vec(select(&["Ebs", "VirtualName", "Nothing"]), 0..6);
    (paravirtual, codes, devices, any::<bool>()).prop_map(|(kernel, codes, devices, named)| {
        let root = if named { "/dev/sda1" } else { "xvda" };
        let mut mappings = vec![json!({"DeviceName": root, "Ebs": {"VolumeId": "vol-0"}})];
        for (letter, kind) in ('b'..).zip(&devices) {
            let name = if named {
                format!("/dev/sd{letter}")
            } else {
                format!("xvd{letter}")
            };
            mappings.push(match *kind {
                "Ebs" => json!({"DeviceName": name, "Ebs": {"VolumeId": "vol-1"}}),
                "VirtualName" => {
                    json!({"DeviceName": name, "VirtualName": format!("ephemeral{letter}")})
                }
                _ => json!({"DeviceName": name}),
            });
        }
        let codes = codes
            .iter()
            .map(|(id, kind)| json!({"ProductCodeId": id, "ProductCodeType": kind}));
        object(json!({
            "RootDeviceName": root,
            "BlockDeviceMappings": mappings,
            "ProductCodes": codes.collect::<Value>(),
            "KernelId": kernel.map(|(kernel, _)| kernel),
            "RamdiskId": kernel.and_then(|(_, ramdisk)| ramdisk),
            "VirtualizationType": if kernel.is_some() { "paravirtual" } else { "hvm" },
        }))
    })
}

/// Tags, their visibility, monitoring, hibernation, a key.
fn options() -> impl Strategy<Value = Map<String, Value>> {
    let tags = prop::collection::btree_map(
        "[A-Za-z0-9+=,_:@-][A-Za-z0-9+=.,_:@-]{0,12}",
        "\\PC{0,12}",
        0..5,
    );
    let state = || select(&["enabled", "disabled"]);
    let key = option::of("[!-~]([ -~]{0,20}[!-~])?");
    (tags, state(), state(), any::<bool>(), key).prop_map(
        |(tags, shown, monitored, hibernates, key)| {
            let tags = tags
                .iter()
                .map(|(key, value)| json!({"Key": key, "Value": value}));
            object(json!({
                "Tags": tags.collect::<Value>(),
                "MetadataOptions": {"InstanceMetadataTags": shown},
                "Monitoring": {"State": monitored},
                "HibernationOptions": {"Configured": hibernates},
                "KeyName": key,
            }))
        },
    )
}

/// The fields of `Imdsim`.
fn extras() -> impl Strategy<Value = Map<String, Value>> {
    let ancestors = vec("ami-[0-9a-f]{8}", 0..3);
    let role = option::of("[A-Za-z0-9+=,@_-][A-Za-z0-9+=,.@_-]{0,20}");
    let user_data = option::of(select(&["aGVsbG8=", "H4sIAAAAAAAA/w==", ""]));
    let newest = option::of(0..imdsim::VERSIONS.len());
    (ancestors, role, user_data, newest, notices()).prop_map(
        |(ancestors, role, user_data, newest, notices)| {
            let mut extras = object(json!({
                "AncestorAmiIds": ancestors,
                "RoleName": role,
                "UserData": user_data,
                "ApiVersions": newest.map(|newest| &imdsim::VERSIONS[..=newest]),
            }));
            extras.extend(notices);
            extras
        },
    )
}

/// Scheduled events. Spot notices come from the placement, which knows the
/// purchasing option.
fn notices() -> impl Strategy<Value = Map<String, Value>> {
    let states = vec(select(&["active", "completed", "canceled"]), 0..4);
    let rebalance = option::of(Just("2026-10-27T08:22:00Z"));
    let target = option::of(select(&["InService", "Terminated"]));
    let users = vec("[a-z-]{1,8}", 0..3);
    let cert = option::of(Just("-----BEGIN CERTIFICATE-----"));
    (states, rebalance, target, any::<bool>(), users, cert).prop_map(
        |(states, rebalance, target, extended, users, cert)| {
            let events = states
                .iter()
                .map(|state| json!({"Code": "system-reboot", "State": state}));
            let keys = users
                .into_iter()
                .map(|user| (user, Value::from("ssh-ed25519 AAAA")));
            object(json!({
                "MaintenanceEvents": events.collect::<Value>(),
                "RebalanceNoticeTime": rebalance,
                "TargetLifecycleState": target,
                "SecurityCredentialsExtended": extended,
                "ManagedSshKeys": {
                    "ActiveKeys": keys.collect::<Map<_, _>>(),
                    "SignerCert": cert,
                },
            }))
        },
    )
}

/// Overrides of single paths, in any combination.
pub(crate) fn overrides() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(select(&OVERRIDDEN), any::<bool>(), 0..6).prop_map(|changes| {
        let changes = changes.into_iter().map(|(path, gone)| {
            let text = if gone { Value::Null } else { "changed".into() };
            (path.to_owned(), text)
        });
        changes.collect()
    })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

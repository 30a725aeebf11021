//! Derives the network interfaces from their directories.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::newest::Newest;
use crate::facts::{Fact, METADATA};

use Fact::{Items, Number};

/// The directory of the interfaces.
const MACS: &str = "meta-data/network/interfaces/macs/";

/// Facts of an interface that the AWS mock does not have.
#[rustfmt::skip]
const MORE: &[(&str, Fact)] = &[
    ("ipv4-prefix",  Items(&["@/Ipv4Prefixes"], "Ipv4Prefix")),
    ("ipv6-prefix",  Items(&["@/Ipv6Prefixes"], "Ipv6Prefix")),
    ("network-card", Number("@/Attachment/NetworkCardIndex")),
];

/// Writes all interfaces into a description.
pub(super) fn describe(newest: &Newest<'_>, document: &mut Value) {
    let macs = newest.text(MACS).unwrap_or_default();
    let macs = macs.lines().map(|mac| mac.trim_end_matches('/'));
    let mut interfaces: Vec<_> = macs.map(|mac| interface(newest, mac)).collect();
    interfaces.sort_by_key(|interface| {
        let attachment = &interface["Attachment"];
        let card = attachment["NetworkCardIndex"].as_u64();
        (card.unwrap_or(0), attachment["DeviceIndex"].as_u64())
    });
    let groups = interfaces.first().map(|primary| primary["Groups"].clone());
    document["SecurityGroups"] = groups.unwrap_or_default();
    if !interfaces.is_empty() {
        document["NetworkInterfaces"] = interfaces.into();
    }
}

fn interface(newest: &Newest<'_>, mac: &str) -> Value {
    // Written as the only interface of an instance, then taken out.
    let mut alone = json!({ "NetworkInterfaces": [{ "MacAddress": mac }] });
    let prefix = format!("{MACS}{{mac}}/");
    for category in METADATA {
        if let Some(name) = category.path.strip_prefix(&prefix) {
            newest.fact(&mut alone, &format!("{MACS}{mac}/{name}"), &category.fact);
        }
    }
    for (name, fact) in MORE {
        newest.fact(&mut alone, &format!("{MACS}{mac}/{name}"), fact);
    }
    let mut interface = alone["NetworkInterfaces"][0].take();
    addresses(newest, mac, &mut interface);
    interface
}

/// Writes the private addresses with their public ones.
fn addresses(newest: &Newest<'_>, mac: &str, interface: &mut Value) {
    let lines = |name: &str| {
        let text = newest.text(&format!("{MACS}{mac}/{name}"));
        text.into_iter().flat_map(str::lines)
    };
    let directory = format!("{MACS}{mac}/ipv4-associations/");
    let public: BTreeMap<_, _> = newest
        .leaves(&directory)
        .flat_map(|(public, private)| private.lines().map(move |private| (private, public)))
        .collect();
    // An empty name means none.
    let hostname = lines("public-hostname").next().unwrap_or_default();
    let addresses = lines("local-ipv4s").enumerate().map(|(index, private)| {
        let mut address = json!({ "PrivateIpAddress": private, "Primary": index == 0 });
        if let Some(public) = public.get(private) {
            address["Association"] = json!({ "PublicIp": public });
            if index == 0 {
                address["Association"]["PublicDnsName"] = hostname.into();
            }
        }
        address
    });
    interface["PrivateIpAddresses"] = addresses.collect();
    interface["Association"] = Value::Null;
}

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Facts, MACS};

const DOCUMENT: &str = "dynamic/instance-identity/document";

/// Partition, prefix of its Regions, and domain of its services.
const PARTITIONS: [(&str, &str, &str); 3] = [
    ("aws-cn", "cn-", "amazonaws.com.cn"),
    ("aws-us-gov", "us-gov-", "amazonaws.com"),
    ("aws", "", "amazonaws.com"),
];

pub(super) fn check(facts: &mut Facts<'_>) {
    identity(facts);
    products(facts);
    place(facts);
    account_and_role(facts);
    tags(facts);
    keys(facts);
    devices(facts);
    let life_cycle = facts.text("meta-data/instance-life-cycle");
    if facts.is_there("meta-data/spot/") && life_cycle.is_some() {
        facts.same("instance-life-cycle", life_cycle, "spot/", Some("spot"));
    }
}

/// The identity document repeats the values of leaves.
fn identity(facts: &mut Facts<'_>) {
    if !facts.is_there(DOCUMENT) {
        return;
    }
    for (leaf, field) in [
        ("ami-id", "imageId"),
        ("instance-id", "instanceId"),
        ("instance-type", "instanceType"),
        ("kernel-id", "kernelId"),
        ("local-ipv4", "privateIp"),
        ("placement/availability-zone", "availabilityZone"),
        ("placement/region", "region"),
        ("ramdisk-id", "ramdiskId"),
    ] {
        let says = facts.text(&format!("meta-data/{leaf}"));
        // Old versions have no leaf for the Region.
        if leaf == "placement/region" && says.is_none() {
            continue;
        }
        let stated = facts.field(DOCUMENT, field);
        facts.same(leaf, says, field, stated.as_ref().and_then(Value::as_str));
    }
}

fn products(facts: &mut Facts<'_>) {
    let mut stated = Vec::new();
    for field in ["devpayProductCodes", "marketplaceProductCodes"] {
        let codes = facts.field(DOCUMENT, field);
        for code in codes.iter().filter_map(Value::as_array).flatten() {
            stated.push(code.as_str().unwrap().to_owned());
        }
    }
    let mut listed = facts.lines("meta-data/product-codes");
    listed.sort_unstable();
    stated.sort_unstable();
    let message = || format!("product-codes says {listed:?}, the document {stated:?}");
    let agree = listed == stated || !facts.is_there(DOCUMENT);
    facts.require(agree, message);
}

fn place(facts: &mut Facts<'_>) {
    let Some(region) = facts.field(DOCUMENT, "region") else {
        return;
    };
    let region = region.as_str().unwrap();
    let zone = facts.text("meta-data/placement/availability-zone");
    let zone = zone.unwrap_or_default();
    facts.require(zone.starts_with(region), || {
        format!("the zone {zone} lies outside of {region}")
    });
    let (partition, _, domain) = PARTITIONS
        .iter()
        .find(|(_, prefix, _)| region.starts_with(prefix))
        .unwrap();
    for (leaf, value) in [("partition", partition), ("domain", domain)] {
        let path = format!("meta-data/services/{leaf}");
        if let Some(says) = facts.text(&path) {
            facts.same(leaf, Some(says), "the Region's", Some(value));
        }
    }
    if let Some(arn) = facts.text("meta-data/outpost-arn") {
        let begin = format!("arn:{partition}:outposts:{region}:");
        facts.require(arn.starts_with(&begin), || format!("{arn} is elsewhere"));
    }
    if let Some(arn) = facts.field("meta-data/iam/info", "InstanceProfileArn") {
        let account = facts.field(DOCUMENT, "accountId").unwrap();
        let account = account.as_str().unwrap();
        let begin = format!("arn:{partition}:iam::{account}:instance-profile/");
        let arn = arn.as_str().unwrap();
        facts.require(arn.starts_with(&begin), || format!("{arn}, not {begin}…"));
    }
}

fn account_and_role(facts: &mut Facts<'_>) {
    let account = facts.field(DOCUMENT, "accountId");
    let account = account.as_ref().and_then(Value::as_str);
    if let Some(stated) = facts.field("meta-data/identity-credentials/ec2/info", "AccountId") {
        facts.same("accountId", account, "info", stated.as_str());
    }
    if let (Some(mac), Some(account)) = (facts.text("meta-data/mac"), account) {
        let owner = facts.text(&format!("{MACS}{mac}/owner-id"));
        facts.same("accountId", Some(account), "owner-id", owner);
    }
    let roles = facts.crawl.names("meta-data/iam/security-credentials/");
    let has_info = facts.is_there("meta-data/iam/info");
    facts.require(roles.len() == usize::from(has_info), || {
        format!("iam/info is there: {has_info}, roles: {roles:?}")
    });
}

fn tags(facts: &mut Facts<'_>) {
    let mut tags = BTreeMap::new();
    for key in facts.crawl.names("meta-data/tags/instance/") {
        let value = facts.text(&format!("meta-data/tags/instance/{key}"));
        tags.insert(key.clone(), value.unwrap_or_default().to_owned());
    }
    if let Some(set) = facts.text("meta-data/tag-sets/instance") {
        let set: BTreeMap<String, String> = serde_json::from_str(set).unwrap();
        facts.require(set == tags, || format!("tags {tags:?}, set {set:?}"));
    }
}

/// The line of a key ends in its listed name.
fn keys(facts: &mut Facts<'_>) {
    let names = facts.crawl.names("meta-data/public-keys/");
    for (number, listed) in names.iter().enumerate() {
        let line = facts.text(&format!("meta-data/public-keys/{number}/openssh-key"));
        let line = line.unwrap_or_default();
        let name = listed.strip_prefix(&format!("{number}="));
        let agrees = name.is_some_and(|name| line.ends_with(&format!(" {name}\n")));
        facts.require(agrees, || format!("{listed} is listed, the key is {line}"));
    }
}

/// `ami` and `root` name the same device, and all others name different ones.
fn devices(facts: &mut Facts<'_>) {
    let mut devices = BTreeMap::new();
    for name in facts.crawl.names("meta-data/block-device-mapping/") {
        let device = facts.text(&format!("meta-data/block-device-mapping/{name}"));
        let device = device.unwrap_or_default().trim_start_matches("/dev/");
        let name = if name == "ami" { "root" } else { name };
        let known = *devices.entry(device).or_insert(name);
        facts.same(device, Some(name), "it", Some(known));
    }
}

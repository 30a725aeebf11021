use std::collections::{BTreeMap, BTreeSet};

use super::{Facts, MACS};
use crate::cidr::Block;

pub(super) fn check(facts: &mut Facts<'_>) {
    // Version 1.0 has only `hostname`.
    if facts.is_there("meta-data/instance-type") {
        facts.agree("meta-data/hostname", "meta-data/local-hostname");
    }
    let directories = facts.crawl.names(MACS);
    if directories.is_empty() {
        return;
    }
    primary(facts);
    for directory in directories {
        interface(facts, directory);
    }
    neighbours(facts, directories);
}

/// The instance's values equal those of card 0, device 0.
fn primary(facts: &mut Facts<'_>) {
    let mac = facts.text("meta-data/mac").unwrap_or_default();
    let of_interface = |leaf| format!("{MACS}{mac}/{leaf}");
    let number = facts.text(&of_interface("device-number"));
    facts.same("device-number", number, "the first", Some("0"));
    let card = facts.text(&of_interface("network-card")).unwrap_or("0");
    facts.same("network-card", Some(card), "the first", Some("0"));
    for leaf in ["local-hostname", "public-hostname", "security-groups"] {
        let (top, own) = (format!("meta-data/{leaf}"), of_interface(leaf));
        facts.agree(&top, &own);
    }
    for (leaf, list) in [
        ("local-ipv4", "local-ipv4s"),
        ("public-ipv4", "public-ipv4s"),
        ("ipv6", "ipv6s"),
    ] {
        // Old versions have no leaf for the IPv6 address.
        if leaf == "ipv6" && !facts.is_there("meta-data/system") {
            continue;
        }
        let top = facts.text(&format!("meta-data/{leaf}"));
        let first = facts.lines(&of_interface(list)).first().copied();
        facts.same(leaf, top, list, first);
    }
    names(facts, &of_interface("public-ipv4s"));
}

/// Host names made of an address or the instance id contain it.
fn names(facts: &mut Facts<'_>, public_ipv4s: &str) {
    let local = facts.text("meta-data/local-hostname").unwrap_or_default();
    let (label, domain) = local.split_once('.').unwrap_or((local, ""));
    let address = facts.text("meta-data/local-ipv4").unwrap_or_default();
    let by_address = format!("ip-{}", address.replace('.', "-"));
    let by_id = facts.text("meta-data/instance-id").unwrap_or_default();
    let is_named = label.is_empty() || label == by_address || label == by_id;
    facts.require(is_named, || {
        format!("{local} is neither's: {address}, {by_id}")
    });
    let region = facts.text("meta-data/placement/region");
    let region = region.filter(|_| !label.is_empty());
    let expected = region.map_or(domain.to_owned(), |region| match region {
        "us-east-1" => "ec2.internal".into(),
        _ => format!("{region}.compute.internal"),
    });
    facts.same("the domain", Some(domain), "it", Some(&expected));
    if let Some(public) = facts.text("meta-data/public-hostname") {
        let address = facts.lines(public_ipv4s).first().copied();
        let label = format!("ec2-{}.", address.unwrap_or_default().replace('.', "-"));
        let domain = facts.text("meta-data/services/domain").unwrap_or_default();
        let agrees = public.starts_with(&label) && public.ends_with(domain);
        facts.require(agrees, || format!("{public} is not at {address:?}"));
    }
}

fn interface(facts: &mut Facts<'_>, directory: &str) {
    let at = |leaf: &str| format!("{MACS}{directory}{leaf}");
    let mac = facts.text(&at("mac"));
    facts.same("mac", mac, "its directory", directory.strip_suffix('/'));
    let (groups, ids) = (at("security-groups"), at("security-group-ids"));
    let as_many = facts.lines(&groups).len() == facts.lines(&ids).len();
    facts.require(as_many, || format!("{groups} and {ids} differ in number"));
    let listed: BTreeSet<_> = facts.lines(&at("public-ipv4s")).into_iter().collect();
    let associated: BTreeSet<_> = facts
        .crawl
        .names(&at("ipv4-associations/"))
        .iter()
        .collect();
    let agree = listed.iter().eq(associated.iter());
    facts.require(agree, || {
        format!("{listed:?} are public, {associated:?} associated")
    });
    let private = facts.lines(&at("local-ipv4s"));
    for public in associated {
        for address in facts.lines(&at(&format!("ipv4-associations/{public}"))) {
            facts.require(private.contains(&address), || {
                format!("{public} stands for {address}, which is not in {directory}")
            });
        }
    }
    blocks(facts, directory);
}

/// Addresses and prefixes are in the subnet, and the subnet is in the VPC.
fn blocks(facts: &mut Facts<'_>, directory: &str) {
    let at = |leaf: &str| format!("{MACS}{directory}{leaf}");
    let subnets = ["subnet-ipv4-cidr-block", "subnet-ipv6-cidr-blocks"];
    // Lists of the VPC's blocks were added after the leaf of its first block.
    let vpcs: &[&str] = if facts.is_there(&at("vpc-ipv4-cidr-blocks")) {
        let first = facts.lines(&at("vpc-ipv4-cidr-blocks")).first().copied();
        let named = facts.text(&at("vpc-ipv4-cidr-block"));
        facts.same("vpc-ipv4-cidr-block", named, "the first", first);
        &["vpc-ipv4-cidr-blocks", "vpc-ipv6-cidr-blocks"]
    } else {
        &["vpc-ipv4-cidr-block", "vpc-ipv6-cidr-blocks"]
    };
    let within = |facts: &mut Facts<'_>, inner: &[&str], outer: &[&str]| {
        let read = |leaf: &&str| facts.lines(&at(leaf)).into_iter().map(Block::read);
        let outer: Vec<_> = outer.iter().flat_map(read).collect();
        for block in inner.iter().flat_map(read).collect::<Vec<_>>() {
            facts.require(outer.iter().any(|outer| outer.holds(block)), || {
                format!("{directory} {inner:?}: {block:?} is not in {outer:?}")
            });
        }
    };
    let addresses = ["local-ipv4s", "ipv6s", "ipv4-prefix", "ipv6-prefix"];
    within(facts, &addresses, &subnets);
    within(facts, &subnets, vpcs);
}

/// Interfaces in the same subnet or VPC agree on its values, and subnets do not
/// overlap.
fn neighbours(facts: &mut Facts<'_>, directories: &[String]) {
    let mut seen = BTreeMap::new();
    for directory in directories {
        let at = |leaf: &str| format!("{MACS}{directory}{leaf}");
        for (id, leaf) in [
            ("subnet-id", "vpc-id"),
            ("subnet-id", "subnet-ipv4-cidr-block"),
            ("subnet-id", "subnet-ipv6-cidr-blocks"),
            ("vpc-id", "vpc-ipv4-cidr-block"),
            ("vpc-id", "vpc-ipv4-cidr-blocks"),
            ("vpc-id", "vpc-ipv6-cidr-blocks"),
        ] {
            let id = facts.text(&at(id)).unwrap_or_default();
            let says = facts.text(&at(leaf));
            let other = *seen.entry((id, leaf)).or_insert(says);
            facts.same(&format!("{id}'s {leaf}"), says, "elsewhere", other);
        }
    }
    let subnets: Vec<_> = seen
        .iter()
        .filter(|((_, leaf), _)| leaf.starts_with("subnet-ip"))
        .flat_map(|((id, _), blocks)| blocks.unwrap_or_default().lines().map(move |b| (id, b)))
        .collect();
    for (index, (id, block)) in subnets.iter().enumerate() {
        for (other_id, other) in &subnets[..index] {
            let apart = id == other_id || !Block::read(block).meets(Block::read(other));
            facts.require(apart, || format!("{id} has {block}, {other_id} {other}"));
        }
    }
}

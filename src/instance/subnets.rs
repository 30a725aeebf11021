//! The CIDR blocks of subnets and VPCs.
//!
//! Blocks described for one interface apply to all interfaces in the same
//! subnet or VPC. Undescribed blocks are generated to fit the known facts.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::built_in;
use super::cidr::CidrBlock;
use super::interface::Interface;
use crate::description::CidrBlocks;

/// The known facts of a subnet.
#[derive(Default)]
struct Subnet {
    vpc: String,
    described: CidrBlocks,
    /// The addresses and prefixes of its interfaces.
    ipv4: Vec<CidrBlock>,
    ipv6: Vec<CidrBlock>,
}

/// Completes the blocks of all interfaces from their described ones. The primary
/// interface's blocks come first in its VPC.
pub(super) fn complete(interfaces: &mut [Interface]) {
    let mut vpcs = BTreeMap::<String, CidrBlocks>::new();
    let mut ids = Vec::new();
    let mut subnets = Vec::<Subnet>::new();
    for interface in &*interfaces {
        merge(
            vpcs.entry(interface.vpc_id.clone()).or_default(),
            &interface.cidr_blocks,
        );
        let known = ids.iter().position(|id| *id == interface.subnet_id);
        let index = known.unwrap_or_else(|| {
            ids.push(interface.subnet_id.clone());
            subnets.push(Subnet::default());
            subnets.len() - 1
        });
        subnets[index].add(interface);
    }
    let subnet_blocks: Vec<_> = (0..subnets.len())
        .map(|index| subnet_blocks(&subnets, index, &vpcs[&subnets[index].vpc]))
        .collect();
    for (id, vpc) in &mut vpcs {
        let inside = subnets.iter().zip(&subnet_blocks);
        let inside = inside.filter(|(subnet, _)| subnet.vpc == *id);
        complete_vpc(vpc, inside.map(|(_, blocks)| blocks));
    }
    for interface in interfaces {
        let subnet = ids.iter().zip(&subnet_blocks);
        for (_, blocks) in subnet.filter(|(id, _)| **id == interface.subnet_id) {
            interface.cidr_blocks = CidrBlocks {
                subnet_ipv4_cidr_block: blocks.subnet_ipv4_cidr_block.clone(),
                subnet_ipv6_cidr_blocks: blocks.subnet_ipv6_cidr_blocks.clone(),
                ..vpcs[&interface.vpc_id].clone()
            };
        }
    }
}

impl Subnet {
    fn add(&mut self, interface: &Interface) {
        self.vpc.clone_from(&interface.vpc_id);
        merge(&mut self.described, &interface.cidr_blocks);
        let private = interface.local_ipv4s.iter().copied().map(IpAddr::V4);
        let global = interface.ipv6s.iter().copied().map(IpAddr::V6);
        self.ipv4.extend(private.map(CidrBlock::from));
        self.ipv6.extend(global.map(CidrBlock::from));
        self.ipv4.extend(blocks(&interface.ipv4_prefixes));
        self.ipv6.extend(blocks(&interface.ipv6_prefixes));
    }

    /// The smallest IPv4 block that contains all known addresses.
    fn core(&self) -> Option<CidrBlock> {
        let described = self.described.subnet_ipv4_cidr_block.as_deref();
        described
            .and_then(CidrBlock::parse)
            .or_else(|| around(&self.ipv4, *SUBNET_LENGTHS.end()))
    }
}

/// The blocks of one subnet, disjoint from all other subnets of its VPC.
fn subnet_blocks(subnets: &[Subnet], index: usize, vpc: &CidrBlocks) -> CidrBlocks {
    let subnet = &subnets[index];
    let others = subnets.iter().enumerate();
    let others: Vec<_> = others
        .filter(|(other, known)| *other != index && known.vpc == subnet.vpc)
        .filter_map(|(_, known)| known.core())
        .collect();
    let outer: Vec<_> = blocks(&vpc.vpc_ipv4_cidr_blocks).collect();
    let fits = |block: &CidrBlock| {
        let inside = outer.is_empty() || outer.iter().any(|outer| outer.contains(*block));
        inside && !others.iter().any(|other| other.overlaps(*block))
    };
    let made_up = || {
        let mut wide = SUBNET_LENGTHS.filter_map(|length| around(&subnet.ipv4, length));
        wide.find(fits).or_else(|| subnet.core())
    };
    let described = &subnet.described;
    CidrBlocks {
        subnet_ipv4_cidr_block: described
            .subnet_ipv4_cidr_block
            .clone()
            .or_else(|| Some(made_up()?.to_string())),
        subnet_ipv6_cidr_blocks: if described.subnet_ipv6_cidr_blocks.is_empty() {
            let block = around(&subnet.ipv6, SUBNET_IPV6_LENGTH);
            block.iter().map(ToString::to_string).collect()
        } else {
            described.subnet_ipv6_cidr_blocks.clone()
        },
        ..CidrBlocks::default()
    }
}

/// Fills in a VPC's undescribed blocks from its subnets.
fn complete_vpc<'a>(vpc: &mut CidrBlocks, subnets: impl Iterator<Item = &'a CidrBlocks> + Clone) {
    if vpc.vpc_ipv4_cidr_blocks.is_empty() {
        let first = vpc.vpc_ipv4_cidr_block.clone();
        let inner = subnets.clone().flat_map(|s| &s.subnet_ipv4_cidr_block);
        vpc.vpc_ipv4_cidr_blocks = covering(first, inner, VPC_LENGTH);
    }
    if vpc.vpc_ipv4_cidr_blocks.is_empty() {
        let address = IpAddr::V4(built_in::PRIVATE_IPV4);
        let block = CidrBlock::around(&[address.into()], VPC_LENGTH);
        vpc.vpc_ipv4_cidr_blocks.push(block.to_string());
    }
    if vpc.vpc_ipv4_cidr_block.is_none() {
        vpc.vpc_ipv4_cidr_block = vpc.vpc_ipv4_cidr_blocks.first().cloned();
    }
    if vpc.vpc_ipv6_cidr_blocks.is_empty() {
        let inner = subnets.flat_map(|s| &s.subnet_ipv6_cidr_blocks);
        vpc.vpc_ipv6_cidr_blocks = covering(None, inner, VPC_IPV6_LENGTH);
    }
}

/// Returns `first` and as many blocks of `length` as needed to contain all of
/// `inner`.
fn covering<'a>(
    first: Option<String>,
    inner: impl Iterator<Item = &'a String>,
    length: u32,
) -> Vec<String> {
    let mut list: Vec<_> = first.into_iter().collect();
    for inner in inner.filter_map(|text| CidrBlock::parse(text)) {
        if !blocks(&list).any(|outer| outer.contains(inner)) {
            list.push(CidrBlock::around(&[inner], length).to_string());
        }
    }
    list
}

/// An address for an interface without one, inside its described blocks.
pub(super) fn address(described: &CidrBlocks) -> Ipv4Addr {
    let subnet = described.subnet_ipv4_cidr_block.as_ref();
    let block = subnet
        .or(described.vpc_ipv4_cidr_block.as_ref())
        .or(described.vpc_ipv4_cidr_blocks.first());
    block
        .and_then(|text| CidrBlock::parse(text)?.ipv4(built_in::HOST))
        .unwrap_or(built_in::PRIVATE_IPV4)
}

fn around(contents: &[CidrBlock], length: u32) -> Option<CidrBlock> {
    (!contents.is_empty()).then(|| CidrBlock::around(contents, length))
}

/// The texts that are valid blocks.
fn blocks(texts: &[String]) -> impl Iterator<Item = CidrBlock> + '_ {
    texts.iter().filter_map(|text| CidrBlock::parse(text))
}

/// Copies fields of `other` that are not set yet.
pub(super) fn merge(described: &mut CidrBlocks, other: &CidrBlocks) {
    let text = |described: &mut Option<String>, other: &Option<String>| {
        if described.is_none() {
            described.clone_from(other);
        }
    };
    let list = |described: &mut Vec<String>, other: &[String]| {
        if described.is_empty() {
            described.extend_from_slice(other);
        }
    };
    text(
        &mut described.subnet_ipv4_cidr_block,
        &other.subnet_ipv4_cidr_block,
    );
    text(
        &mut described.vpc_ipv4_cidr_block,
        &other.vpc_ipv4_cidr_block,
    );
    list(
        &mut described.subnet_ipv6_cidr_blocks,
        &other.subnet_ipv6_cidr_blocks,
    );
    list(
        &mut described.vpc_ipv4_cidr_blocks,
        &other.vpc_ipv4_cidr_blocks,
    );
    list(
        &mut described.vpc_ipv6_cidr_blocks,
        &other.vpc_ipv6_cidr_blocks,
    );
}

/// From EC2's default subnet size to its minimum.
const SUBNET_LENGTHS: std::ops::RangeInclusive<u32> = 20..=28;
const VPC_LENGTH: u32 = 16;
const SUBNET_IPV6_LENGTH: u32 = 64;
const VPC_IPV6_LENGTH: u32 = 56;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::instance::Instance;

    /// Checks subnet block and VPC blocks of each interface.
    #[track_caller]
    fn check(document: &Value, expected: &[(&str, &str)]) {
        let instance = Instance::read(document).unwrap();
        let blocks: Vec<_> = instance
            .interfaces
            .values()
            .map(|interface| &interface.cidr_blocks)
            .map(|blocks| {
                let subnet = blocks.subnet_ipv4_cidr_block.clone();
                (
                    subnet.unwrap_or_default(),
                    blocks.vpc_ipv4_cidr_blocks.join(" "),
                )
            })
            .collect();
        let blocks: Vec<_> = blocks.iter().map(|(a, b)| (&**a, &**b)).collect();
        assert_eq!(blocks, expected);
    }

    fn interface(number: u8, address: &str, subnet: &str) -> Value {
        json!({
            "MacAddress": format!("02:00:00:00:00:{number:02x}"),
            "PrivateIpAddress": address,
            "SubnetId": subnet,
        })
    }

    #[test]
    fn an_interface_without_an_address_shares_the_blocks_of_its_subnet() {
        let nics = [interface(0, "172.31.5.9", "a"), interface(1, "", "a")];
        let expected = [("172.31.0.0/20", "172.31.0.0/16"); 2];
        check(&json!({"NetworkInterfaces": nics}), &expected);
    }

    #[test]
    fn subnets_are_disjoint_and_inside_the_vpc() {
        let nics = [
            interface(0, "10.0.1.5", "a"),
            interface(1, "10.0.2.5", "b"),
            interface(2, "10.1.0.5", "c"),
        ];
        let vpc = "10.0.0.0/16 10.1.0.0/16";
        let expected = [
            ("10.0.0.0/23", vpc),
            ("10.0.2.0/23", vpc),
            ("10.1.0.0/20", vpc),
        ];
        check(&json!({"NetworkInterfaces": nics}), &expected);
    }

    #[test]
    fn a_generated_subnet_is_inside_the_described_vpc() {
        let document = json!({
            "PrivateIpAddress": "10.237.0.16",
            "Imdsim": {"VpcIpv4CidrBlocks": ["10.237.0.0/24"]},
        });
        check(&document, &[("10.237.0.0/24", "10.237.0.0/24")]);
    }

    #[test]
    fn a_generated_address_is_inside_the_described_subnet() {
        let document = json!({"Imdsim": {"SubnetIpv4CidrBlock": "10.237.0.32/27"}});
        check(&document, &[("10.237.0.32/27", "10.237.0.0/16")]);
        let instance = Instance::read(&document).unwrap();
        assert_eq!(instance.hostname, "ip-10-237-0-42.ec2.internal");
    }
}

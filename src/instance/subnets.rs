//! The blocks of the subnets and VPCs around network interfaces.
//!
//! What was said of one interface holds for its neighbours: interfaces in one
//! subnet, or in one VPC, all show the same. What nobody said is made up to
//! fit what is known.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::Interface;
use super::built_in;
use super::cidr::CidrBlock;
use crate::description::CidrBlocks;

/// What is known of a subnet.
#[derive(Default)]
struct Subnet {
    vpc: String,
    said: CidrBlocks,
    /// The addresses and prefixes in it.
    ipv4: Vec<CidrBlock>,
    ipv6: Vec<CidrBlock>,
}

/// Completes the blocks of all interfaces, each of which brings what was said
/// of its own. The first one's blocks come first in its VPC.
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
        merge(&mut self.said, &interface.cidr_blocks);
        let private = interface.local_ipv4s.iter().copied().map(IpAddr::V4);
        let global = interface.ipv6s.iter().copied().map(IpAddr::V6);
        self.ipv4.extend(private.map(CidrBlock::from));
        self.ipv6.extend(global.map(CidrBlock::from));
        self.ipv4.extend(blocks(&interface.ipv4_prefixes));
        self.ipv6.extend(blocks(&interface.ipv6_prefixes));
    }

    /// The least that its IPv4 block must hold.
    fn core(&self) -> Option<CidrBlock> {
        let said = self.said.subnet_ipv4_cidr_block.as_deref();
        said.and_then(CidrBlock::parse)
            .or_else(|| around(&self.ipv4, *SUBNET_LENGTHS.end()))
    }
}

/// The blocks of one subnet, which meet those of no other subnet in its VPC.
fn subnet_blocks(subnets: &[Subnet], index: usize, vpc: &CidrBlocks) -> CidrBlocks {
    let subnet = &subnets[index];
    let others = subnets.iter().enumerate();
    let others: Vec<_> = others
        .filter(|(other, known)| *other != index && known.vpc == subnet.vpc)
        .filter_map(|(_, known)| known.core())
        .collect();
    let outer: Vec<_> = blocks(&vpc.vpc_ipv4_cidr_blocks).collect();
    let fits = |block: &CidrBlock| {
        let inside = outer.is_empty() || outer.iter().any(|outer| outer.holds(*block));
        inside && !others.iter().any(|other| other.meets(*block))
    };
    let made_up = || {
        let mut wide = SUBNET_LENGTHS.filter_map(|length| around(&subnet.ipv4, length));
        wide.find(fits).or_else(|| subnet.core())
    };
    let said = &subnet.said;
    CidrBlocks {
        subnet_ipv4_cidr_block: said
            .subnet_ipv4_cidr_block
            .clone()
            .or_else(|| Some(made_up()?.to_string())),
        subnet_ipv6_cidr_blocks: if said.subnet_ipv6_cidr_blocks.is_empty() {
            let block = around(&subnet.ipv6, SUBNET_IPV6_LENGTH);
            block.iter().map(ToString::to_string).collect()
        } else {
            said.subnet_ipv6_cidr_blocks.clone()
        },
        ..CidrBlocks::default()
    }
}

/// Fills in what nobody said of a VPC from the subnets in it.
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

/// The `first` block and as many more of `length` as hold all `inner` ones.
fn covering<'a>(
    first: Option<String>,
    inner: impl Iterator<Item = &'a String>,
    length: u32,
) -> Vec<String> {
    let mut list: Vec<_> = first.into_iter().collect();
    for inner in inner.filter_map(|text| CidrBlock::parse(text)) {
        if !blocks(&list).any(|outer| outer.holds(inner)) {
            list.push(CidrBlock::around(&[inner], length).to_string());
        }
    }
    list
}

/// An address for an interface that has none, in its blocks if any are said.
pub(super) fn address(said: &CidrBlocks) -> Ipv4Addr {
    let subnet = said.subnet_ipv4_cidr_block.as_ref();
    let block = subnet
        .or(said.vpc_ipv4_cidr_block.as_ref())
        .or(said.vpc_ipv4_cidr_blocks.first());
    block
        .and_then(|text| CidrBlock::parse(text)?.ipv4(built_in::HOST))
        .unwrap_or(built_in::PRIVATE_IPV4)
}

fn around(contents: &[CidrBlock], length: u32) -> Option<CidrBlock> {
    (!contents.is_empty()).then(|| CidrBlock::around(contents, length))
}

/// Those texts that are blocks.
fn blocks(texts: &[String]) -> impl Iterator<Item = CidrBlock> + '_ {
    texts.iter().filter_map(|text| CidrBlock::parse(text))
}

/// Takes over what was not said yet.
pub(super) fn merge(said: &mut CidrBlocks, other: &CidrBlocks) {
    let text = |said: &mut Option<String>, other: &Option<String>| {
        if said.is_none() {
            said.clone_from(other);
        }
    };
    let list = |said: &mut Vec<String>, other: &[String]| {
        if said.is_empty() {
            said.extend_from_slice(other);
        }
    };
    text(
        &mut said.subnet_ipv4_cidr_block,
        &other.subnet_ipv4_cidr_block,
    );
    text(&mut said.vpc_ipv4_cidr_block, &other.vpc_ipv4_cidr_block);
    list(
        &mut said.subnet_ipv6_cidr_blocks,
        &other.subnet_ipv6_cidr_blocks,
    );
    list(&mut said.vpc_ipv4_cidr_blocks, &other.vpc_ipv4_cidr_blocks);
    list(&mut said.vpc_ipv6_cidr_blocks, &other.vpc_ipv6_cidr_blocks);
}

/// From what EC2 gives by default to the smallest that it allows.
const SUBNET_LENGTHS: std::ops::RangeInclusive<u32> = 20..=28;
const VPC_LENGTH: u32 = 16;
const SUBNET_IPV6_LENGTH: u32 = 64;
const VPC_IPV6_LENGTH: u32 = 56;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::instance::Instance;

    /// The subnet's block and those of the VPC, interface by interface.
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
    fn an_interface_without_an_address_shares_the_blocks_of_its_neighbours() {
        let nics = [interface(0, "172.31.5.9", "a"), interface(1, "", "a")];
        let expected = [("172.31.0.0/20", "172.31.0.0/16"); 2];
        check(&json!({"NetworkInterfaces": nics}), &expected);
    }

    #[test]
    fn subnets_do_not_overlap_and_their_vpc_holds_them_all() {
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
    fn a_subnet_lies_in_the_vpc_that_was_said() {
        let document = json!({
            "PrivateIpAddress": "10.237.0.16",
            "Imdsim": {"VpcIpv4CidrBlocks": ["10.237.0.0/24"]},
        });
        check(&document, &[("10.237.0.0/24", "10.237.0.0/24")]);
    }

    #[test]
    fn a_made_up_address_lies_in_the_subnet_that_was_said() {
        let document = json!({"Imdsim": {"SubnetIpv4CidrBlock": "10.237.0.32/27"}});
        check(&document, &[("10.237.0.32/27", "10.237.0.0/16")]);
        let instance = Instance::read(&document).unwrap();
        assert_eq!(instance.hostname, "ip-10-237-0-42.ec2.internal");
    }
}

//! Network interfaces, as `network/interfaces/macs/` shows them.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::place::Place;
use super::{built_in, derive};
use crate::description::{
    Association, CidrBlocks, DnsName, Group, InstanceDescription, MacAddress, NetworkInterface,
};
use crate::problem::Problem;

/// One network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Lower case, with colons.
    pub mac: String,
    /// The order of the interfaces, from 0.
    pub device_number: u32,
    /// The network card, on types that have several.
    pub network_card: Option<String>,
    /// `eni-…`
    pub id: String,
    /// The account.
    pub owner_id: String,
    /// The private host name; none where there is no address at all.
    pub local_hostname: Option<String>,
    /// The private IPv4 addresses, the primary one first.
    pub local_ipv4s: Vec<Ipv4Addr>,
    /// The public host name.
    pub public_hostname: Option<String>,
    /// The private addresses that each public one stands for.
    pub ipv4_associations: BTreeMap<String, Vec<Ipv4Addr>>,
    /// The public IPv4 addresses, in the order of the private ones.
    pub public_ipv4s: Vec<Ipv4Addr>,
    /// The IPv6 addresses.
    pub ipv6s: Vec<Ipv6Addr>,
    /// The delegated IPv4 prefixes.
    pub ipv4_prefixes: Vec<String>,
    /// The delegated IPv6 prefixes.
    pub ipv6_prefixes: Vec<String>,
    /// The security groups.
    pub groups: Vec<Group>,
    /// `subnet-…`
    pub subnet_id: String,
    /// `vpc-…`
    pub vpc_id: String,
    /// The blocks around it, defaults filled in.
    pub cidr_blocks: CidrBlocks,
}

/// All interfaces of a described instance by MAC address; one made from the
/// instance's own fields where none is described.
pub(super) fn all(
    given: &InstanceDescription,
    instance_id: &str,
    account_id: &str,
    place: &Place,
    several_cards: bool,
) -> Result<BTreeMap<String, Interface>, Problem> {
    let made_up;
    let described = if given.network_interfaces.is_empty() {
        made_up = [only(given)];
        &made_up[..]
    } else {
        &given.network_interfaces[..]
    };
    // A card other than the first proves that there are several.
    let several_cards = several_cards
        || described
            .iter()
            .any(|interface| interface.attachment.network_card_index.unwrap_or(0) > 0);
    let context = Context {
        given,
        instance_id,
        account_id,
        place,
        several_cards,
    };
    let mut interfaces = BTreeMap::new();
    for (index, described) in described.iter().enumerate() {
        let interface = context.interface(index, described);
        let mac = interface.mac.clone();
        if interfaces.insert(mac.clone(), interface).is_some() {
            return Err(Problem::new(
                format!("NetworkInterfaces[{index}].MacAddress"),
                format!("{mac} is another interface's too; give each its own"),
            ));
        }
    }
    Ok(interfaces)
}

/// The interface that an instance described without any must have.
fn only(given: &InstanceDescription) -> NetworkInterface {
    let ipv6 = given.ipv6_address;
    let without_ipv4 = given.private_ip_address.is_none() && ipv6.is_some();
    NetworkInterface {
        private_ip_address: given
            .private_ip_address
            .or((!without_ipv4).then_some(built_in::PRIVATE_IPV4)),
        association: given.public_ip_address.map(|ip| Association {
            public_ip: Some(ip),
            public_dns_name: given.public_dns_name.clone(),
        }),
        ipv6_addresses: ipv6
            .map(|address| crate::description::Ipv6Address {
                ipv6_address: Some(address),
            })
            .into_iter()
            .collect(),
        ..NetworkInterface::default()
    }
}

/// What an interface shares with its instance.
struct Context<'a> {
    given: &'a InstanceDescription,
    instance_id: &'a str,
    account_id: &'a str,
    place: &'a Place,
    several_cards: bool,
}

impl Context<'_> {
    fn interface(&self, index: usize, given: &NetworkInterface) -> Interface {
        let seed = [self.instance_id, &index.to_string()];
        let first = index == 0;
        let addresses = private_addresses(given);
        let local_ipv4s: Vec<_> = addresses.iter().map(|(private, _)| *private).collect();
        let ipv6s: Vec<_> = given
            .ipv6_addresses
            .iter()
            .filter_map(|address| address.ipv6_address)
            .collect();
        let mut ipv4_associations = BTreeMap::<String, Vec<Ipv4Addr>>::new();
        let mut public_ipv4s = Vec::new();
        for (private, association) in &addresses {
            if let Some(public) = association.and_then(|association| association.public_ip) {
                ipv4_associations
                    .entry(public.to_string())
                    .or_default()
                    .push(*private);
                public_ipv4s.push(public);
            }
        }
        let groups = if given.groups.is_empty() {
            self.groups()
        } else {
            given.groups.clone()
        };
        let mac = given.mac_address.unwrap_or_else(|| made_up_mac(&seed));
        Interface {
            mac: mac.to_string(),
            device_number: given
                .attachment
                .device_index
                .unwrap_or_else(|| u32::try_from(index).unwrap_or(u32::MAX)),
            network_card: given
                .attachment
                .network_card_index
                .or(Some(0))
                .filter(|_| self.several_cards)
                .map(|card| card.to_string()),
            id: given
                .network_interface_id
                .clone()
                .unwrap_or_else(|| derive::id("eni", &seed)),
            owner_id: given
                .owner_id
                .clone()
                .unwrap_or_else(|| self.account_id.to_owned()),
            local_hostname: self.local_hostname(first, given, local_ipv4s.first(), &ipv6s),
            public_hostname: self.public_hostname(&addresses),
            cidr_blocks: self.cidr_blocks(first, given, local_ipv4s.first(), ipv6s.first()),
            subnet_id: given
                .subnet_id
                .clone()
                .or_else(|| self.given.subnet_id.clone())
                .unwrap_or_else(|| derive::id("subnet", &[self.instance_id])),
            vpc_id: given
                .vpc_id
                .clone()
                .or_else(|| self.given.vpc_id.clone())
                .unwrap_or_else(|| derive::id("vpc", &[self.instance_id])),
            ipv4_prefixes: given
                .ipv4_prefixes
                .iter()
                .map(|p| p.ipv4_prefix.clone())
                .collect(),
            ipv6_prefixes: given
                .ipv6_prefixes
                .iter()
                .map(|p| p.ipv6_prefix.clone())
                .collect(),
            local_ipv4s,
            ipv4_associations,
            public_ipv4s,
            ipv6s,
            groups,
        }
    }

    fn groups(&self) -> Vec<Group> {
        if self.given.security_groups.is_empty() {
            return vec![Group {
                group_id: derive::id("sg", &[self.instance_id]),
                group_name: "default".into(),
            }];
        }
        self.given.security_groups.clone()
    }

    /// The name that was given, else the one that EC2 makes of the address or
    /// of the instance id.
    fn local_hostname(
        &self,
        first: bool,
        given: &NetworkInterface,
        ipv4: Option<&Ipv4Addr>,
        ipv6s: &[Ipv6Addr],
    ) -> Option<String> {
        let of_instance = self.given.private_dns_name.as_ref().filter(|_| first);
        if let Some(name) = of_instance
            .cloned()
            .or_else(|| given.private_dns_name.clone())
        {
            return Some(name);
        }
        if ipv4.is_none() && ipv6s.is_empty() {
            return None;
        }
        let kind = self.given.private_dns_name_options.hostname_type.as_deref();
        let domain = self.place.private_domain();
        Some(match ipv4 {
            Some(address) if kind != Some("resource-name") => {
                format!("ip-{}.{domain}", dashed(*address))
            }
            _ => format!("{}.{domain}", self.instance_id),
        })
    }

    /// An empty name says that the VPC gives none.
    fn public_hostname(&self, addresses: &[(Ipv4Addr, Option<&Association>)]) -> Option<String> {
        let association = addresses.first()?.1?;
        let address = association.public_ip?;
        match &association.public_dns_name {
            DnsName::Absent => None,
            DnsName::Name(name) => Some(name.clone()),
            DnsName::Unsaid => Some(format!(
                "ec2-{}.{}",
                dashed(address),
                self.place.public_domain()
            )),
        }
    }

    /// The blocks that were given, else ones that hold the address.
    fn cidr_blocks(
        &self,
        first: bool,
        given: &NetworkInterface,
        ipv4: Option<&Ipv4Addr>,
        ipv6: Option<&Ipv6Addr>,
    ) -> CidrBlocks {
        let of_instance = if first {
            self.given.imdsim.cidr_blocks()
        } else {
            CidrBlocks::default()
        };
        let own = &given.imdsim;
        let vpc_ipv4_cidr_block = own
            .vpc_ipv4_cidr_block
            .clone()
            .or(of_instance.vpc_ipv4_cidr_block)
            .or_else(|| own.vpc_ipv4_cidr_blocks.first().cloned())
            .or_else(|| of_instance.vpc_ipv4_cidr_blocks.first().cloned())
            .unwrap_or_else(|| block4(*ipv4.unwrap_or(&built_in::PRIVATE_IPV4), 16));
        let list = |own: &[String], of_instance: Vec<String>, default: Option<String>| {
            let given = if own.is_empty() {
                of_instance
            } else {
                own.to_vec()
            };
            if given.is_empty() {
                default.into_iter().collect()
            } else {
                given
            }
        };
        CidrBlocks {
            subnet_ipv4_cidr_block: own
                .subnet_ipv4_cidr_block
                .clone()
                .or(of_instance.subnet_ipv4_cidr_block)
                .or_else(|| ipv4.map(|address| block4(*address, 20))),
            subnet_ipv6_cidr_blocks: list(
                &own.subnet_ipv6_cidr_blocks,
                of_instance.subnet_ipv6_cidr_blocks,
                ipv6.map(|address| block6(*address, 64)),
            ),
            vpc_ipv4_cidr_blocks: list(
                &own.vpc_ipv4_cidr_blocks,
                of_instance.vpc_ipv4_cidr_blocks,
                Some(vpc_ipv4_cidr_block.clone()),
            ),
            vpc_ipv6_cidr_blocks: list(
                &own.vpc_ipv6_cidr_blocks,
                of_instance.vpc_ipv6_cidr_blocks,
                ipv6.map(|address| block6(*address, 56)),
            ),
            vpc_ipv4_cidr_block: Some(vpc_ipv4_cidr_block),
        }
    }
}

/// The private addresses, the primary one first, each with its public one.
fn private_addresses(given: &NetworkInterface) -> Vec<(Ipv4Addr, Option<&Association>)> {
    let mut listed: Vec<_> = given.private_ip_addresses.iter().collect();
    listed.sort_by_key(|address| !address.primary);
    let mut addresses: Vec<_> = listed
        .into_iter()
        .filter_map(|address| Some((address.private_ip_address?, address.association.as_ref())))
        .collect();
    let Some(primary) = given.private_ip_address else {
        return addresses;
    };
    match addresses
        .iter()
        .position(|(address, _)| *address == primary)
    {
        Some(index) => addresses[..=index].rotate_right(1),
        None => addresses.insert(0, (primary, None)),
    }
    addresses[0].1 = addresses[0].1.or(given.association.as_ref());
    addresses
}

fn made_up_mac(seed: &[&str]) -> MacAddress {
    let bytes = derive::bytes(&[&["mac"], seed].concat());
    // Unicast and locally administered, as all of EC2's.
    MacAddress([0x0e, bytes[0], bytes[1], bytes[2], bytes[3], bytes[4]])
}

fn dashed(address: Ipv4Addr) -> String {
    address.octets().map(|octet| octet.to_string()).join("-")
}

/// The block of `length` bits that holds an address.
fn block4(address: Ipv4Addr, length: u32) -> String {
    let network = Ipv4Addr::from_bits(address.to_bits() & u32::MAX << (32 - length));
    format!("{network}/{length}")
}

/// The same for IPv6, every group written out as the service does
/// (reference 8.2).
fn block6(address: Ipv6Addr, length: u32) -> String {
    let network = Ipv6Addr::from_bits(address.to_bits() & u128::MAX << (128 - length));
    let groups = network.segments().map(|group| format!("{group:x}"));
    format!("{}/{length}", groups.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::Read as _;

    #[test]
    fn a_block_holds_its_address() {
        assert_eq!(block4(Ipv4Addr::new(10, 0, 37, 5), 20), "10.0.32.0/20");
        assert_eq!(
            block6("2600:1f16:67f:f201::10".parse().unwrap(), 64),
            "2600:1f16:67f:f201:0:0:0:0/64"
        );
    }

    #[test]
    fn the_primary_address_comes_first_with_the_interfaces_association() {
        let document = serde_json::from_str(
            r#"{"PrivateIpAddress": "10.0.0.2", "Association": {"PublicIp": "203.0.113.2"},
                "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.1"},
                                       {"PrivateIpAddress": "10.0.0.2", "Primary": true}]}"#,
        )
        .unwrap();
        let given = NetworkInterface::read(&document).unwrap();
        let addresses = private_addresses(&given);
        assert_eq!(addresses[0].0, Ipv4Addr::new(10, 0, 0, 2));
        assert_eq!(
            addresses[0].1.unwrap().public_ip,
            Some(Ipv4Addr::new(203, 0, 113, 2))
        );
        assert_eq!(addresses[1].0, Ipv4Addr::new(10, 0, 0, 1));
    }
}

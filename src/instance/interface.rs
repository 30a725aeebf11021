//! Network interfaces as shown in `network/interfaces/macs/`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cidr::CidrBlock;
use super::derive;
use super::placement::Placement;
use crate::description::{
    Association, CidrBlocks, DnsName, Group, InstanceDescription, MacAddress, NetworkAttachment,
    NetworkInterface,
};

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Lowercase, separated by colons.
    pub mac: String,
    /// The device index, from 0.
    pub device_number: u32,
    /// The network card index, on types with several cards.
    pub network_card: Option<String>,
    /// `eni-…`
    pub id: String,
    /// The account ID of the owner.
    pub owner_id: String,
    /// The private host name. Interfaces without addresses have none, except
    /// EFA-only ones, which list a name (reference 17). Its value was never
    /// captured; the emulator uses the name based on the instance id.
    pub local_hostname: Option<String>,
    /// The private IPv4 addresses, the primary one first.
    pub local_ipv4s: Vec<Ipv4Addr>,
    /// The public host name.
    pub public_hostname: Option<String>,
    /// The private addresses by associated public address.
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
    /// The CIDR blocks of subnet and VPC, with defaults resolved.
    pub cidr_blocks: CidrBlocks,
}

pub(super) fn device_number(attachment: &NetworkAttachment, index: usize) -> u32 {
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    attachment.device_index.unwrap_or(index)
}

/// Facts shared by all interfaces of an instance.
pub(super) struct Context<'a> {
    pub(super) given: &'a InstanceDescription,
    pub(super) instance_id: &'a str,
    pub(super) account_id: &'a str,
    pub(super) placement: &'a Placement,
    pub(super) several_cards: bool,
    pub(super) primary: &'a NetworkInterface,
}

impl Context<'_> {
    pub(super) fn interface(&self, index: usize, given: &NetworkInterface) -> Interface {
        let seed = [self.instance_id, &index.to_string()];
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
        let mac = given.mac_address.unwrap_or_else(|| generated_mac(&seed));
        Interface {
            mac: mac.to_string(),
            device_number: device_number(&given.attachment, index),
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
            local_hostname: self.local_hostname(given, local_ipv4s.first(), &ipv6s),
            public_hostname: self.public_hostname(&addresses),
            cidr_blocks: given.imdsim.clone(),
            subnet_id: self.subnet_id(given, local_ipv4s.first()),
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

    /// The described name, or EC2's name based on the address or instance id.
    fn local_hostname(
        &self,
        given: &NetworkInterface,
        ipv4: Option<&Ipv4Addr>,
        ipv6s: &[Ipv6Addr],
    ) -> Option<String> {
        if let Some(name) = &given.private_dns_name {
            return Some(name.clone());
        }
        let is_efa_only = given.interface_type.as_deref() == Some("efa-only");
        if ipv4.is_none() && ipv6s.is_empty() && !is_efa_only {
            return None;
        }
        let kind = self.given.private_dns_name_options.hostname_type.as_deref();
        let domain = self.placement.private_domain();
        Some(match ipv4 {
            Some(address) if kind != Some("resource-name") => {
                format!("ip-{}.{domain}", dashed(*address))
            }
            _ => format!("{}.{domain}", self.instance_id),
        })
    }

    /// The public host name; an empty described name means none.
    fn public_hostname(&self, addresses: &[(Ipv4Addr, Option<&Association>)]) -> Option<String> {
        let association = addresses.first()?.1?;
        let address = association.public_ip?;
        match &association.public_dns_name {
            DnsName::Absent => None,
            DnsName::Name(name) => Some(name.clone()),
            DnsName::Unsaid => Some(format!(
                "ec2-{}.{}",
                dashed(address),
                self.placement.public_domain()
            )),
        }
    }

    /// The described subnet. Interfaces without one share the primary
    /// interface's subnet if their addresses are near it.
    fn subnet_id(&self, given: &NetworkInterface, ipv4: Option<&Ipv4Addr>) -> String {
        if let Some(id) = &given.subnet_id {
            return id.clone();
        }
        let block = |address| CidrBlock::around(&[IpAddr::V4(address).into()], 20).to_string();
        let first = private_addresses(self.primary).first().copied();
        match (ipv4, first) {
            (Some(address), Some((first, _))) if block(*address) != block(first) => {
                derive::id("subnet", &[self.instance_id, &block(*address)])
            }
            _ => {
                let of_instance = self.primary.subnet_id.as_ref();
                of_instance
                    .or(self.given.subnet_id.as_ref())
                    .cloned()
                    .unwrap_or_else(|| derive::id("subnet", &[self.instance_id]))
            }
        }
    }
}

/// The private addresses, primary first, with their public associations.
pub(super) fn private_addresses(given: &NetworkInterface) -> Vec<(Ipv4Addr, Option<&Association>)> {
    let listed = given.private_ip_addresses.iter();
    let (primary, others): (Vec<_>, Vec<_>) = listed.partition(|address| address.primary);
    let mut addresses: Vec<_> = primary
        .into_iter()
        .chain(others)
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

fn generated_mac(seed: &[&str]) -> MacAddress {
    let bytes = derive::bytes(&[&["mac"], seed].concat());
    // Unicast and locally administered, like all MAC addresses of EC2.
    MacAddress([0x0e, bytes[0], bytes[1], bytes[2], bytes[3], bytes[4]])
}

fn dashed(address: Ipv4Addr) -> String {
    address.octets().map(|octet| octet.to_string()).join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::Read as _;

    #[test]
    fn the_primary_address_comes_first_with_the_association_of_its_interface() {
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

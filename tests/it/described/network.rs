use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::place::Placement;
use super::{INSTANCE, object};

/// Interfaces in subnets of one VPC, `10.20.0.0/16` and `2001:db8:0:100::/56`.
/// Only the first always has an address.
#[derive(Clone, Debug)]
pub(super) struct Network {
    interfaces: Vec<Interface>,
    /// Which blocks are described: none, the VPC's, the subnet's, or both.
    said: u8,
    /// Whether the instance describes them, rather than each interface.
    by_instance: bool,
    resource_name: bool,
}

#[derive(Clone, Debug)]
struct Interface {
    subnet: u8,
    private: usize,
    public: Vec<Option<bool>>,
    ipv6: usize,
    prefixes: (usize, usize),
    card: u8,
    mac: Option<[u8; 5]>,
    groups: usize,
}

pub(super) fn network() -> impl Strategy<Value = Network> {
    let interface = (
        0_u8..4,
        0_usize..4,
        vec(option::weighted(0.3, any::<bool>()), 4),
        0_usize..3,
        (0_usize..2, 0_usize..2),
        0_u8..3,
        option::of(any::<[u8; 5]>()),
        0_usize..3,
    )
        .prop_map(
            |(subnet, private, public, ipv6, prefixes, card, mac, groups)| Interface {
                subnet,
                private,
                public,
                ipv6,
                prefixes,
                card,
                mac,
                groups,
            },
        );
    // Most instances have few, which are faster to check.
    let interfaces = prop_oneof![
        4 => vec(interface.clone(), 0..4),
        1 => vec(interface, 4..16),
    ];
    (interfaces, 0_u8..4, any::<bool>(), any::<bool>()).prop_map(
        |(interfaces, said, by_instance, resource_name)| Network {
            interfaces,
            said,
            by_instance,
            resource_name,
        },
    )
}

impl Network {
    pub(super) fn fields(&self, place: &Placement) -> Map<String, Value> {
        let several_cards = self.interfaces.iter().any(|interface| interface.card > 0);
        let mut numbers = [0_u32; 3];
        let mut list = Vec::new();
        for (index, interface) in self.interfaces.iter().enumerate() {
            // The first interface is device 0 of card 0 at any position.
            let card = if index == 0 {
                0
            } else {
                usize::from(interface.card)
            };
            let device = numbers[card];
            numbers[card] += 1;
            let mut described = interface.describe(index, place, self.resource_name);
            described.insert(
                "Attachment".into(),
                json!({
                    "DeviceIndex": device,
                    "NetworkCardIndex": several_cards.then_some(card),
                }),
            );
            if !self.by_instance {
                described.insert("Imdsim".into(), self.blocks(interface).into());
            }
            list.push(described);
        }
        list.reverse();
        let kind = if self.resource_name {
            "resource-name"
        } else {
            "ip-name"
        };
        object(json!({
            "NetworkInterfaces": list,
            "PrivateDnsNameOptions": {"HostnameType": kind},
        }))
    }

    /// The `Imdsim` fields for the blocks of the first interface.
    pub(super) fn imdsim(&self) -> Map<String, Value> {
        match self.interfaces.first() {
            Some(first) if self.by_instance => self.blocks(first),
            _ => Map::new(),
        }
    }

    fn blocks(&self, interface: &Interface) -> Map<String, Value> {
        let subnet = interface.subnet;
        let mut blocks = Map::new();
        if self.said & 1 != 0 {
            blocks.extend(object(json!({
                "VpcIpv4CidrBlock": "10.20.0.0/16",
                "VpcIpv4CidrBlocks": ["10.20.0.0/16", "10.21.0.0/16"],
                "VpcIpv6CidrBlocks": ["2001:db8:0:100:0:0:0:0/56"],
            })));
        }
        if self.said & 2 != 0 {
            blocks.extend(object(json!({
                "SubnetIpv4CidrBlock": format!("10.20.{}.0/24", subnet * 3),
                "SubnetIpv6CidrBlocks": [format!("2001:db8:0:10{subnet}:0:0:0:0/64")],
            })));
        }
        blocks
    }
}

impl Interface {
    fn describe(&self, index: usize, place: &Placement, resource_name: bool) -> Map<String, Value> {
        let (_, _, private_domain, public_domain) = place.region;
        let third = self.subnet * 3;
        // Sixteen addresses per interface, starting at the fourth.
        let host = 4 + index * 16;
        let mut addresses = Vec::new();
        let lonely = index == 0 && self.ipv6 == 0;
        let private = self.private.max(usize::from(lonely));
        for (number, public) in self.public[..private].iter().enumerate() {
            let octet = 20 + index * 4 + number;
            let association = public.map(|named| json!({
                "PublicIp": format!("203.0.113.{octet}"),
                "PublicDnsName": if named { format!("ec2-203-0-113-{octet}.{public_domain}") } else { String::new() },
            }));
            addresses.push(json!({
                "Primary": number == 0,
                "PrivateIpAddress": format!("10.20.{third}.{}", host + number),
                "Association": association,
            }));
        }
        let primary = addresses.first().cloned().unwrap_or_default();
        let name = if resource_name {
            format!("{INSTANCE}.{private_domain}")
        } else {
            format!("ip-10-20-{third}-{host}.{private_domain}")
        };
        addresses.reverse();
        let v6 = |number| json!({"Ipv6Address": format!("2001:db8:0:10{}::{:x}", self.subnet, host + number)});
        let groups = (0..self.groups)
            .map(|n| json!({"GroupId": format!("sg-{n}"), "GroupName": format!("group {n}")}));
        let v4_prefix = |n| json!({"Ipv4Prefix": format!("10.20.{third}.{}/28", index * 16 + n)});
        let v6_prefix =
            |n| json!({"Ipv6Prefix": format!("2001:db8:0:10{}:{index:x}:{n:x}::/96", self.subnet)});
        object(json!({
            "MacAddress": self.mac.map(|mac| mac.iter().fold(format!("{index:02x}"), |text, byte| format!("{text}:{byte:02x}"))),
            "SubnetId": format!("subnet-{}", self.subnet),
            "VpcId": "vpc-0",
            "PrivateIpAddress": primary["PrivateIpAddress"],
            "PrivateDnsName": (!primary.is_null()).then_some(name),
            "PrivateIpAddresses": addresses,
            "Association": primary["Association"],
            "Groups": groups.collect::<Value>(),
            "Ipv6Addresses": (0..self.ipv6).map(v6).collect::<Value>(),
            "Ipv4Prefixes": (0..self.prefixes.0).map(v4_prefix).collect::<Value>(),
            "Ipv6Prefixes": (0..self.prefixes.1).map(v6_prefix).collect::<Value>(),
        }))
    }
}

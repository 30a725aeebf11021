//! All network interfaces of an instance.

use std::collections::BTreeMap;

use super::interface::{Context, Interface, device_number, private_addresses};
use super::placement::Placement;
use super::subnets;
use crate::description::{Association, InstanceDescription, Ipv6Address, NetworkInterface};
use crate::problem::Problem;
use crate::small_sort;

/// All interfaces of an instance.
#[derive(Debug)]
pub(super) struct Interfaces {
    /// By MAC address.
    pub(super) by_mac: BTreeMap<String, Interface>,
    /// The MAC address of card 0, device 0.
    pub(super) primary: String,
}

/// Resolves the described interfaces, or one from the instance's own fields if
/// none are described.
pub(super) fn all(
    given: &InstanceDescription,
    instance_id: &str,
    account_id: &str,
    placement: &Placement,
    several_cards: bool,
) -> Result<Interfaces, Problem> {
    let mut described = given.network_interfaces.clone();
    if described.is_empty() {
        described.push(NetworkInterface::default());
    }
    // Device indexes restart at 0 on each card, and EC2 does not sort interfaces.
    let number = |index: &usize| {
        let attachment = &described[*index].attachment;
        let card = attachment.network_card_index.unwrap_or(0);
        (card, device_number(attachment, *index))
    };
    let primary = (0..described.len()).min_by_key(number).unwrap_or(0);
    complete(given, &mut described[primary]);
    // A card index above 0 implies several cards.
    let several_cards = several_cards
        || described
            .iter()
            .any(|interface| interface.attachment.network_card_index.unwrap_or(0) > 0);
    let context = Context {
        given,
        instance_id,
        account_id,
        placement,
        several_cards,
        primary: &described[primary],
    };
    let mut all = Vec::<Interface>::new();
    for (index, described) in described.iter().enumerate() {
        let interface = context.interface(index, described);
        if all.iter().any(|other| other.mac == interface.mac) {
            return Err(Problem::new(
                format!("NetworkInterfaces[{index}].MacAddress"),
                format!(
                    "{} is another interface's too; give each its own",
                    interface.mac
                ),
            ));
        }
        all.push(interface);
    }
    all[..=primary].rotate_right(1);
    subnets::complete(&mut all);
    Ok(Interfaces {
        primary: all[0].mac.clone(),
        by_mac: small_sort::map(
            all.into_iter()
                .map(|interface| (interface.mac.clone(), interface)),
        ),
    })
}

/// Fills gaps in the primary interface from the instance's own fields.
fn complete(given: &InstanceDescription, primary: &mut NetworkInterface) {
    if primary.ipv6_addresses.is_empty() {
        let address = given.ipv6_address.map(|address| Ipv6Address {
            ipv6_address: Some(address),
        });
        primary.ipv6_addresses.extend(address);
    }
    let said = given.imdsim.cidr_blocks();
    subnets::merge(&mut primary.imdsim, &said);
    if private_addresses(primary).is_empty() {
        let made_up = primary.ipv6_addresses.is_empty();
        primary.private_ip_address = given
            .private_ip_address
            .or_else(|| made_up.then(|| subnets::address(&primary.imdsim)));
    }
    let public = |(_, association): &(_, Option<_>)| association.is_some();
    if !private_addresses(primary).iter().any(public) {
        primary.association = given.public_ip_address.map(|ip| Association {
            public_ip: Some(ip),
            public_dns_name: given.public_dns_name.clone(),
        });
    }
    let of_instance = given.private_dns_name.clone();
    primary.private_dns_name = of_instance.or(primary.private_dns_name.take());
}

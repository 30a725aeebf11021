//! `cargo xtask tables`: compares the emulator's tables of Regions and instance
//! types with AWS's data. It reads the facts from the emulator, so its only own
//! table is the list of verified families.

mod sources;

use std::collections::BTreeSet;

use anyhow::{Result, bail, ensure};
use imdsim::instance::Instance;
use serde_json::{Value, json};

use sources::{InstanceType, Region, Sources};

/// The families of instance types for which the tables have been verified.
const FAMILIES: &str = include_str!("families.txt");

/// Compares the given sources with the tables, and fails if they differ.
pub(crate) fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let sources = Sources::read(arguments)?;
    let mut differences = regions(&sources.regions)?;
    differences.extend(new_families(&sources.type_names));
    differences.extend(types(&sources.types)?);
    if let Some(listed) = &sources.several_cards {
        differences.extend(cards(&sources.type_names, listed)?);
    }
    for difference in &differences {
        println!("{difference}");
    }
    let count = differences.len();
    ensure!(
        count == 0,
        "{count} differences; correct the tables in src/instance"
    );
    println!(
        "{} Regions, {} instance types: no differences",
        sources.regions.len(),
        sources.type_names.len()
    );
    Ok(())
}

/// Compares partition, domain and zone ids of each Region.
fn regions(regions: &[Region]) -> Result<Vec<String>> {
    let mut differences = Vec::new();
    for region in regions {
        let zone = format!("{}a", region.name);
        let by_zone = instance(&json!({"Placement": {"AvailabilityZone": zone}}))?.placement;
        let id = &by_zone.zone_id;
        let by_id = instance(&json!({"Placement": {"AvailabilityZoneId": id}}));
        let back = by_id.map_or_else(|error| error.to_string(), |found| found.placement.zone);
        for (fact, ours, theirs) in [
            ("Region of a zone", &by_zone.region, &region.name),
            ("partition", &by_zone.partition, &region.partition),
            ("domain", &by_zone.services_domain, &region.domain),
            ("zone of the id of its zone a", &back, &zone),
        ] {
            if ours != theirs {
                let name = &region.name;
                differences.push(format!("{name}: {fact} is {theirs}, not {ours}"));
            }
        }
    }
    Ok(differences)
}

/// Instance type families that have not been verified.
fn new_families(types: &BTreeSet<String>) -> Vec<String> {
    let known: BTreeSet<_> = FAMILIES.lines().collect();
    let families: BTreeSet<_> = types.iter().map(|name| family(name)).collect();
    let new = families.difference(&known);
    new.map(|name| {
        format!(
            "{name}: a new family; pass --instance-types or --network-cards, correct the tables, \
             and add it to xtask/src/tables/families.txt"
        )
    })
    .collect()
}

/// Compares hypervisor and number of network cards with `DescribeInstanceTypes`.
fn types(types: &[InstanceType]) -> Result<Vec<String>> {
    let mut differences = Vec::new();
    for one in types {
        let ours = facts(&one.name)?;
        if let Some(hypervisor) = &one.hypervisor
            && *hypervisor != ours.system
        {
            let (name, system) = (&one.name, &ours.system);
            differences.push(format!("{name}: hypervisor is {hypervisor}, not {system}"));
        }
        differences.extend(card_difference(&one.name, &ours, one.cards > 1));
    }
    Ok(differences)
}

/// Compares the types with several network cards with the User Guide's list.
fn cards(types: &BTreeSet<String>, several: &BTreeSet<String>) -> Result<Vec<String>> {
    let mut differences = Vec::new();
    for name in types.union(several) {
        differences.extend(card_difference(name, &facts(name)?, several.contains(name)));
    }
    Ok(differences)
}

fn card_difference(name: &str, ours: &Facts, several: bool) -> Option<String> {
    let words = |several| {
        if several {
            "several network cards"
        } else {
            "one network card"
        }
    };
    let (theirs, ours) = (words(several), words(ours.several_cards));
    (theirs != ours).then(|| format!("{name}: has {theirs}, not {ours}"))
}

/// The emulator's facts about an instance type.
struct Facts {
    system: String,
    several_cards: bool,
}

fn facts(instance_type: &str) -> Result<Facts> {
    let instance = instance(&json!({ "InstanceType": instance_type }))?;
    Ok(Facts {
        several_cards: instance.primary().network_card.is_some(),
        system: instance.system,
    })
}

fn instance(document: &Value) -> Result<Instance> {
    match Instance::read(document) {
        Ok(instance) => Ok(instance),
        Err(problem) => bail!("{problem}"),
    }
}

fn family(instance_type: &str) -> &str {
    instance_type.split('.').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn one(name: &str, hypervisor: &str, cards: u64) -> InstanceType {
        InstanceType {
            name: name.to_owned(),
            hypervisor: Some(hypervisor.to_owned()),
            cards,
        }
    }

    #[test]
    fn each_wrong_fact_of_a_region_is_reported() -> Result<()> {
        let region = |name: &str, partition: &str, domain: &str| Region {
            name: name.to_owned(),
            partition: partition.to_owned(),
            domain: domain.to_owned(),
        };
        let right = region("eusc-de-east-1", "aws-eusc", "amazonaws.eu");
        let wrong = region("xx-moon-1", "aws-moon", "amazonaws.com");
        let differences = regions(&[right, wrong])?;
        assert_eq!(differences[0], "xx-moon-1: partition is aws-moon, not aws");
        let zone = "xx-moon-1: zone of the id of its zone a is xx-moon-1a, not";
        assert!(differences[1].starts_with(zone));
        assert_eq!(differences.len(), 2);
        Ok(())
    }

    #[test]
    fn types_are_compared_by_hypervisor_and_cards() -> Result<()> {
        let given = [
            one("t2.micro", "xen", 1),
            one("p5.48xlarge", "nitro", 32),
            one("t3.micro", "xen", 2),
        ];
        let expected = [
            "t3.micro: hypervisor is xen, not nitro",
            "t3.micro: has several network cards, not one network card",
        ];
        assert_eq!(types(&given)?, expected);
        let differences = cards(&names(&["t3.micro", "p5.48xlarge"]), &names(&["t3.micro"]))?;
        assert_eq!(differences.len(), 2);
        Ok(())
    }

    #[test]
    fn unverified_families_are_reported() {
        assert!(new_families(&names(&["t3.micro", "u7inh-32tb.480xlarge"])).is_empty());
        assert_eq!(new_families(&names(&["t3.micro", "zz9.large"])).len(), 1);
    }
}

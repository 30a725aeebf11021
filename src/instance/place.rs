//! Where the instance runs, and what the names of that place imply.

use super::{built_in, or};
use crate::description::InstanceDescription;
use crate::problem::Problem;

/// Region, zone, partition and the groups within.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// For instance `us-east-1`.
    pub region: String,
    /// For instance `us-east-1a`.
    pub zone: String,
    /// For instance `use1-az6`.
    pub zone_id: String,
    /// `aws`, `aws-cn`, `aws-us-gov`, ….
    pub partition: String,
    /// For instance `amazonaws.com`.
    pub services_domain: String,
    /// The placement group.
    pub group_name: Option<String>,
    /// The Dedicated Host.
    pub host_id: Option<String>,
    /// The partition of a partition placement group.
    pub partition_number: Option<String>,
    /// The Outpost.
    pub outpost_arn: Option<String>,
}

impl Place {
    /// Works out the place of a described instance.
    pub(super) fn new(given: &InstanceDescription) -> Result<Self, Problem> {
        let extras = &given.imdsim;
        let placement = &given.placement;
        let zone = placement.availability_zone.clone();
        let region = match (extras.region.clone(), &zone) {
            (Some(region), _) => region,
            (None, Some(zone)) => region_of(zone).ok_or_else(|| {
                Problem::new(
                    "Placement.AvailabilityZone",
                    format!("{zone:?} lies in no Region; write it as in us-east-1a"),
                )
            })?,
            (None, None) => built_in::REGION.to_owned(),
        };
        let zone = zone.unwrap_or_else(|| format!("{region}a"));
        let (partition, domain) = partition_of(&region);
        Ok(Self {
            zone_id: placement
                .availability_zone_id
                .clone()
                .or_else(|| extras.availability_zone_id.clone())
                .unwrap_or_else(|| zone_id_of(&region, &zone)),
            partition: or(extras.partition.as_ref(), partition),
            services_domain: or(extras.services_domain.as_ref(), domain),
            group_name: placement.group_name.clone(),
            host_id: placement.host_id.clone(),
            partition_number: placement.partition_number.map(|number| number.to_string()),
            outpost_arn: given.outpost_arn.clone(),
            region,
            zone,
        })
    }

    /// The domain of private host names.
    pub(super) fn private_domain(&self) -> String {
        if self.region == "us-east-1" {
            "ec2.internal".into()
        } else {
            format!("{}.compute.internal", self.region)
        }
    }

    /// The domain of public host names.
    pub(super) fn public_domain(&self) -> String {
        if self.region == "us-east-1" {
            format!("compute-1.{}", self.services_domain)
        } else {
            format!("{}.compute.{}", self.region, self.services_domain)
        }
    }
}

/// `us-east-1` of `us-east-1a`, `us-west-2` of the local zone `us-west-2-lax-1a`.
fn region_of(zone: &str) -> Option<String> {
    let mut region = String::new();
    for part in zone.split('-') {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        if !digits.is_empty() {
            return (!region.is_empty()).then(|| region + &digits);
        }
        region = region + part + "-";
    }
    None
}

/// `use1-az1` of `us-east-1a`: which number a letter has differs by account,
/// so the default takes them in order. Local Zones and Wavelength Zones keep
/// their own names: `usw2-lax1-az1`, `use1-wl1-bos-wlz1`.
fn zone_id_of(region: &str, zone: &str) -> String {
    let mut short = String::new();
    for (index, part) in region.split('-').enumerate() {
        match part {
            _ if index == 0 => short += part,
            "northeast" => short += "ne",
            "northwest" => short += "nw",
            "southeast" => short += "se",
            "southwest" => short += "sw",
            _ => short.extend(part.chars().next()),
        }
    }
    let own_name = zone.strip_prefix(region).and_then(|rest| {
        let (name, number) = rest.rsplit_once('-')?;
        let number = number.trim_end_matches(|c: char| c.is_ascii_lowercase());
        Some(format!("{name}{number}"))
    });
    let letter = zone.bytes().last().filter(u8::is_ascii_lowercase);
    match (own_name, letter) {
        (Some(name), None) => format!("{short}{name}"),
        (name, letter) => {
            let number = letter.map_or(1, |letter| letter - b'a' + 1);
            format!("{short}{}-az{number}", name.unwrap_or_default())
        }
    }
}

/// The partition of a Region, and the domain of its services.
fn partition_of(region: &str) -> (&'static str, &'static str) {
    PARTITIONS
        .iter()
        .find(|(prefix, _, _)| region.starts_with(prefix))
        .map_or(("aws", "amazonaws.com"), |(_, partition, domain)| {
            (partition, domain)
        })
}

#[rustfmt::skip]
const PARTITIONS: &[(&str, &str, &str)] = &[
    ("cn-",      "aws-cn",     "amazonaws.com.cn"),
    ("eu-isoe-", "aws-iso-e",  "cloud.adc-e.uk"),
    ("eusc-",    "aws-eusc",   "amazonaws.eu"),
    ("us-gov-",  "aws-us-gov", "amazonaws.com"),
    ("us-iso-",  "aws-iso",    "c2s.ic.gov"),
    ("us-isob-", "aws-iso-b",  "sc2s.sgov.gov"),
    ("us-isof-", "aws-iso-f",  "csp.hci.ic.gov"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_names_its_region() {
        let regions = [
            "us-east-1a",
            "us-gov-west-1b",
            "us-west-2-lax-1a",
            "us-east-1-wl1-bos-wlz-1",
        ]
        .map(|zone| region_of(zone).unwrap());
        assert_eq!(
            regions,
            ["us-east-1", "us-gov-west-1", "us-west-2", "us-east-1"]
        );
        assert_eq!(region_of("nowhere"), None);
        assert_eq!(region_of("1a"), None);
    }

    #[test]
    fn zone_ids_are_shortened_as_aws_does() {
        assert_eq!(zone_id_of("us-east-1", "us-east-1f"), "use1-az6");
        assert_eq!(zone_id_of("ap-southeast-2", "ap-southeast-2b"), "apse2-az2");
        assert_eq!(zone_id_of("us-gov-west-1", "us-gov-west-1a"), "usgw1-az1");
        assert_eq!(zone_id_of("cn-north-1", "cn-north-1a"), "cnn1-az1");
        let local = zone_id_of("us-west-2", "us-west-2-lax-1a");
        assert_eq!(local, "usw2-lax1-az1");
        let wavelength = zone_id_of("us-east-1", "us-east-1-wl1-bos-wlz-1");
        assert_eq!(wavelength, "use1-wl1-bos-wlz1");
    }

    #[test]
    fn a_region_names_its_partition() {
        assert_eq!(partition_of("cn-north-1").0, "aws-cn");
        assert_eq!(partition_of("us-gov-west-1").0, "aws-us-gov");
        assert_eq!(partition_of("us-west-2").0, "aws");
    }
}

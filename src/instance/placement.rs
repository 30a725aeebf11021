//! The location of the instance and the domain names derived from it.

use super::{built_in, or, zones};
use crate::description::InstanceDescription;
use crate::problem::Problem;

/// Region, zone, partition and placement group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// For example `us-east-1`.
    pub region: String,
    /// For example `us-east-1a`.
    pub zone: String,
    /// For example `use1-az6`.
    pub zone_id: String,
    /// `aws`, `aws-cn`, `aws-us-gov`, ….
    pub partition: String,
    /// For example `amazonaws.com`.
    pub services_domain: String,
    /// The placement group's name.
    pub group_name: Option<String>,
    /// The Dedicated Host's id.
    pub host_id: Option<String>,
    /// The partition number in a partition placement group.
    pub partition_number: Option<String>,
    /// The Outpost's ARN.
    pub outpost_arn: Option<String>,
}

impl Placement {
    /// Resolves the placement of a described instance.
    pub(super) fn new(given: &InstanceDescription) -> Result<Self, Problem> {
        let extras = &given.imdsim;
        let placement = &given.placement;
        let zone_id = placement.availability_zone_id.clone();
        let zone_id = zone_id.or_else(|| extras.availability_zone_id.clone());
        let lies_nowhere = |field: &str, text: &str, example: &str| {
            let message = format!("{text:?} is not in any Region; write it like {example}");
            Problem::new(format!("Placement.{field}"), message)
        };
        let of_id = zone_id.as_deref().and_then(zones::of_id);
        let region = match (&extras.region, &placement.availability_zone, &zone_id) {
            (Some(region), ..) => region.clone(),
            (None, Some(zone), _) => zones::region_of(zone)
                .ok_or_else(|| lies_nowhere("AvailabilityZone", zone, "us-east-1a"))?,
            (None, None, Some(id)) => match &of_id {
                Some((region, _)) => region.clone(),
                None => return Err(lies_nowhere("AvailabilityZoneId", id, "use1-az1")),
            },
            (None, None, None) => built_in::REGION.to_owned(),
        };
        let of_id = of_id.filter(|(its_region, _)| *its_region == region);
        let zone = placement.availability_zone.clone();
        let zone = zone
            .or_else(|| of_id.map(|(_, zone)| zone))
            .unwrap_or_else(|| format!("{region}a"));
        let (partition, domain) = partition_of(&region);
        Ok(Self {
            zone_id: zone_id.unwrap_or_else(|| zones::id_of(&region, &zone)),
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

/// The partition of a Region and the domain of its services.
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
    fn the_region_determines_the_partition() {
        assert_eq!(partition_of("cn-north-1").0, "aws-cn");
        assert_eq!(partition_of("us-gov-west-1").0, "aws-us-gov");
        assert_eq!(partition_of("us-west-2").0, "aws");
    }
}

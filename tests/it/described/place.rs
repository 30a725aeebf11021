use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::{ACCOUNT, object};

/// A Region, its partition, and the domains of private and public names.
type Region = (&'static str, &'static str, &'static str, &'static str);

const REGIONS: [Region; 6] = [
    (
        "us-east-1",
        "aws",
        "ec2.internal",
        "compute-1.amazonaws.com",
    ),
    (
        "us-west-2",
        "aws",
        "us-west-2.compute.internal",
        "us-west-2.compute.amazonaws.com",
    ),
    (
        "ap-southeast-2",
        "aws",
        "ap-southeast-2.compute.internal",
        "ap-southeast-2.compute.amazonaws.com",
    ),
    (
        "cn-north-1",
        "aws-cn",
        "cn-north-1.compute.internal",
        "cn-north-1.compute.amazonaws.com.cn",
    ),
    (
        "cn-northwest-1",
        "aws-cn",
        "cn-northwest-1.compute.internal",
        "cn-northwest-1.compute.amazonaws.com.cn",
    ),
    (
        "us-gov-west-1",
        "aws-us-gov",
        "us-gov-west-1.compute.internal",
        "us-gov-west-1.compute.amazonaws.com",
    ),
];

/// Placement and purchasing option.
#[derive(Clone, Debug)]
pub(super) struct Placement {
    pub(super) region: Region,
    letter: char,
    group: Option<(String, Option<u8>)>,
    outpost: bool,
    life_cycle: Option<&'static str>,
    profile: Option<(String, String)>,
}

pub(super) fn place() -> impl Strategy<Value = Placement> {
    let group = option::of(("[a-z ]{1,20}", option::of(1_u8..8)));
    let life_cycle = option::of(select(&["spot", "scheduled", "capacity-block"]));
    let profile = option::of((
        "(/[a-z]{1,5}){0,2}",
        "[A-Za-z0-9+=,@_-][A-Za-z0-9+=,.@_-]{0,19}",
    ));
    let letter = prop::char::range('a', 'f');
    (
        select(&REGIONS),
        letter,
        group,
        any::<bool>(),
        life_cycle,
        profile,
    )
        .prop_map(
            |(region, letter, group, outpost, life_cycle, profile)| Placement {
                region,
                letter,
                group,
                outpost,
                life_cycle,
                profile,
            },
        )
}

impl Placement {
    pub(super) fn fields(&self) -> Map<String, Value> {
        let (region, partition, ..) = self.region;
        let arn = |service: &str, region: &str, what: &str| {
            format!("arn:{partition}:{service}:{region}:{ACCOUNT}:{what}")
        };
        let (group, number) = self.group.clone().unzip();
        let profile = self.profile.as_ref().map(|(path, name)| {
            json!({"Arn": arn("iam", "", &format!("instance-profile{path}/{name}"))})
        });
        object(json!({
            "Placement": {
                "AvailabilityZone": format!("{region}{}", self.letter),
                "GroupName": group.unwrap_or_default(),
                "PartitionNumber": number.flatten(),
            },
            "OutpostArn": self.outpost.then(|| arn("outposts", region, "outpost/op-0")),
            "InstanceLifecycle": self.life_cycle,
            "IamInstanceProfile": profile,
        }))
    }

    /// A notice, for Spot instances only.
    pub(super) fn notice(&self) -> Option<Value> {
        let action = if self.outpost { "stop" } else { "terminate" };
        (self.life_cycle == Some("spot")).then(|| json!({"Action": action}))
    }
}

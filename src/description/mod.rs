//! The user's description of the instance: EC2's `DescribeInstances` plus
//! `Imdsim` for facts which that API does not return.
//!
//! Nothing is derived here. All fields are optional, unknown fields of EC2's API
//! are ignored, and errors name the invalid field by its path.

mod declare;
mod describe_instances;
mod document_schema;
mod imdsim;
mod read;
mod recognize;
mod reservations;
mod schema;
mod values;

use serde_json::{Map, Value};

pub use describe_instances::{
    Association, BlockDeviceMapping, EbsVolume, ElasticGpuAssociation, ElasticInferenceAssociation,
    Group, HibernationOptions, IamInstanceProfile, InstanceDescription, Ipv6Address,
    MetadataOptionsDescription, Monitoring, NetworkAttachment, NetworkInterface, Placement,
    Prefix4, Prefix6, PrivateDnsNameOptions, PrivateIpAddress, ProductCode, Tag,
};
pub use document_schema::schema;
pub use imdsim::{
    CidrBlocks, Failure, ImdsimFields, MaintenanceEvent, ManagedSshKeys, PublicKey,
    RealCredentials, SpotInstanceAction,
};
pub(crate) use read::{Read, kind};
use recognize::misspelled_fields;
use reservations::reservations;
pub use values::{Base64, DnsName, Flag, HttpTokens, LifecycleState, MacAddress, Override};

use crate::merge;
use crate::problem::Problem;

/// The instance selected from a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    /// The description as a single-instance document, with the reservation's
    /// fields moved into `Imdsim`.
    pub document: Value,
    /// The ids of all instances, in the order of the document.
    pub instance_ids: Vec<String>,
    /// Warnings for the user, one sentence each.
    pub warnings: Vec<String>,
}

impl Description {
    /// Parses a document: the output of `aws ec2 describe-instances`, a
    /// reservation, an instance, or a list of any of these. Of several
    /// instances, it selects the first in the state closest to running.
    pub fn read(document: &Value) -> Result<Self, Problem> {
        let mut warnings = Vec::new();
        let mut all = Vec::new();
        for reservation in reservations(document, &mut warnings)? {
            for described in reservation.instances {
                all.push((
                    described,
                    reservation.id.clone(),
                    reservation.owner_id.clone(),
                ));
            }
        }
        let count = all.len();
        let ids = all.iter();
        let instance_ids: Vec<_> = ids
            .filter_map(|(described, ..)| described.instance.instance_id.clone())
            .collect();
        let best = all
            .into_iter()
            .min_by_key(|(described, ..)| described.state_rank());
        let Some((described, reservation_id, owner_id)) = best else {
            return Err(Problem::new(
                "",
                "the document describes no instance; give the output of \
                 `aws ec2 describe-instances --instance-ids i-…` or one instance out of it",
            ));
        };
        if count > 1 {
            warnings.insert(0, described.selection_warning(count));
        }
        let mut document = described.document;
        warnings.extend(misspelled_fields(&document, InstanceDescription::FIELDS));
        adopt(&mut document, "ReservationId", reservation_id.as_ref());
        adopt(&mut document, "AccountId", owner_id.as_ref());
        Ok(Self {
            document,
            instance_ids,
            warnings,
        })
    }
}

/// Applies a user's merge patch. `null` removes a field as in any merge patch,
/// except in the one field where `null` is a value.
pub(crate) fn change(document: &mut Value, patch: &Value) {
    merge::apply(document, patch);
    if let Some(Value::Null) = patch.pointer("/Imdsim/TargetLifecycleState") {
        document["Imdsim"]["TargetLifecycleState"] = "".into();
    }
}

/// Sets a field of `Imdsim` from the reservation, unless already set.
fn adopt(document: &mut Value, key: &str, text: Option<&String>) {
    let extras = &mut document["Imdsim"];
    if extras.is_null() {
        *extras = Value::Object(Map::new());
    }
    if let Some(text) = text
        && extras[key].is_null()
    {
        extras[key] = text.as_str().into();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(document: &str, expected: &str) {
        let problem = Description::read(&serde_json::from_str(document).unwrap()).unwrap_err();
        assert_eq!(problem.to_string(), expected);
    }

    #[test]
    fn errors_name_the_path_of_the_invalid_field() {
        check(
            r#"{"Reservations":[{"Instances":[{"NetworkInterfaces":[{},{"MacAddress":"0e:ff"}]}]}]}"#,
            "Reservations[0].Instances[0].NetworkInterfaces[1].MacAddress: \"0e:ff\" is not a MAC \
             address; write six bytes in hexadecimal, as in 0e:ff:cd:d5:fd:4f",
        );
        check(
            r#"{"InstanceType": 5}"#,
            "InstanceType: this is a number, not a text; write it as \
             `aws ec2 describe-instances` prints it",
        );
        check(
            r#"[{"PrivateIpAddress": "10.0.0"}]"#,
            "[0].PrivateIpAddress: \"10.0.0\" is not an IPv4 address; write four numbers, as in \
             10.0.0.5",
        );
    }

    #[test]
    fn documents_without_an_instance_are_rejected() {
        check(
            r#"{"Reservations": []}"#,
            "the document describes no instance; give the output of \
             `aws ec2 describe-instances --instance-ids i-…` or one instance out of it",
        );
        check(
            "5",
            "an instance is a JSON object, not a number; give the output of \
             `aws ec2 describe-instances`",
        );
    }

    #[test]
    fn outputs_reservations_instances_and_lists_are_parsed() {
        for document in [
            r#"{"Reservations":[{"Instances":[{"InstanceId":"i-1"},{"InstanceId":"i-2"}]}]}"#,
            r#"{"Instances":[{"InstanceId":"i-1"},{"InstanceId":"i-2"}]}"#,
            r#"[{"InstanceId":"i-1"},{"InstanceId":"i-2"}]"#,
            r#"[[{"InstanceId":"i-1"}],[{"InstanceId":"i-2"}]]"#,
        ] {
            let read = Description::read(&serde_json::from_str(document).unwrap()).unwrap();
            assert_eq!(read.document["InstanceId"], "i-1");
            assert_eq!(read.instance_ids, ["i-1", "i-2"]);
        }
    }

    #[test]
    fn documents_of_other_tools_are_rejected_with_found_and_expected_fields() {
        check(
            r#"{"instance_id": "i-0bbbbbbbbbbbbbbb1"}"#,
            "found `instance_id` and no field of an instance; expected what \
             `aws ec2 describe-instances` prints without --query, with fields such as \
             `InstanceId`",
        );
        let said = |document: &Value| Description::read(document).unwrap_err().to_string();
        let status = json!({"InstanceStatuses": [{"InstanceId": "i-1"}]});
        assert!(
            said(&status).starts_with("found `InstanceStatuses` and no field of an instance; ")
        );
        let query = json!([[{"ID": "i-1", "Type": "t3.nano"}]]);
        assert!(said(&query).starts_with("[0][0]: found `ID`, `Type` and no field of"));
        let terraform = json!({"ami": "ami-1", "arn": "", "id": "i-1", "instance_type": "t3.nano"});
        let terraform = said(&terraform);
        assert!(
            terraform.starts_with("found `ami`, `arn`, `id`, … and no"),
            "{terraform}"
        );
        assert!(terraform.ends_with("such as `InstanceType`"), "{terraform}");
        let nested = json!({"Reservations": [{"Instances": [{"instanceId": "i-1"}]}]});
        assert!(said(&nested).starts_with("Reservations[0].Instances[0]: found `instanceId`"));
        let lower = json!({"reservations": []});
        assert!(said(&lower).ends_with("such as `Reservations`"));
        let long = json!({"x".repeat(1 << 20): 1});
        assert!(said(&long).len() < 300);
        let unfiltered = json!([["i-1", "running"]]);
        assert!(said(&unfiltered).starts_with("[0][0]: an instance is a JSON object, not a text"));
    }

    #[test]
    fn only_near_misses_of_known_fields_cause_a_warning() {
        let document = json!({"Reservations": [{"OwnerID": "1", "Instances": [{
            "InstanceId": "i-1", "instancetype": "t3.nano", "Tag": [], "EbsOptimized": true,
            "State": {"Name": "running"}, "RootDeviceType": "ebs", "Hypervisor": "xen",
        }]}]});
        assert_eq!(
            Description::read(&document).unwrap().warnings,
            [
                "unknown field `OwnerID` is ignored; did you mean `OwnerId`?",
                "unknown field `Tag` is ignored; did you mean `Tags`?",
                "unknown field `instancetype` is ignored; did you mean `InstanceType`?",
            ]
        );
    }

    #[test]
    fn a_running_instance_is_preferred_and_reported() {
        let chosen = |states: &[&str]| {
            let all = states.iter().zip(1..).map(|(state, number)| {
                json!({"InstanceId": format!("i-{number}"), "State": {"Name": state}})
            });
            let read = Description::read(&all.collect()).unwrap();
            (read.document["InstanceId"].clone(), read.warnings)
        };
        let (id, warnings) = chosen(&["terminated", "stopped", "pending", "running", "running"]);
        assert_eq!(id, "i-4");
        assert_eq!(
            warnings,
            ["5 instances are described; serving i-4 (running)"]
        );
        assert_eq!(chosen(&["terminated", "stopped", "pending"]).0, "i-3");
        assert_eq!(
            chosen(&["terminated", "shutting-down", "terminated"]).0,
            "i-2"
        );
        assert_eq!(chosen(&["terminated", "terminated"]).0, "i-1");
        assert_eq!(chosen(&["terminated"]), ("i-1".into(), vec![]));
    }

    #[test]
    fn unknown_fields_of_imdsim_are_rejected_with_the_nearest_name() {
        for (document, place, meant) in [
            (json!({"UserDate": ""}), "UserDate", "UserData"),
            (json!({"userData": ""}), "userData", "UserData"),
            (json!({"Foo": null}), "Foo", "Region"),
            (
                json!({"Credentials": {"AccessKey": ""}}),
                "Credentials.AccessKey",
                "AccessKeyId",
            ),
            (
                json!({"PublicKeys": [{"Key": ""}]}),
                "PublicKeys[0].Key",
                "KeyName",
            ),
            (
                json!({"SpotInstanceAction": {"action": ""}}),
                "SpotInstanceAction.action",
                "Action",
            ),
            (
                json!({"ManagedSshKeys": {"Active": {}}}),
                "ManagedSshKeys.Active",
                "ActiveKeys",
            ),
        ] {
            let problem = Description::read(&json!({ "Imdsim": document })).unwrap_err();
            assert_eq!(
                problem.to_string(),
                format!(
                    "Imdsim.{place}: unknown field; did you mean `{meant}`? `imdsim schema` \
                     prints all there are"
                )
            );
        }
        let interface = json!({"NetworkInterfaces": [{"Imdsim": {"VpcIpv4CidrBlok": ""}}]});
        let problem = Description::read(&interface).unwrap_err().to_string();
        assert!(problem.starts_with("NetworkInterfaces[0].Imdsim.VpcIpv4CidrBlok: unknown field"));
    }
}

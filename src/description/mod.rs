//! The instance as a person describes it: the shape of EC2's own
//! `DescribeInstances`, and `Imdsim` for what that API does not carry.
//!
//! Nothing is derived here. Unknown fields are ignored, every field may be
//! left out, and a field that cannot be understood is named by its path.

mod fields;
mod imdsim;
mod read;
mod schema;
mod values;

use serde_json::{Map, Value};

pub use fields::{
    Association, BlockDeviceMapping, EbsVolume, ElasticGpuAssociation, ElasticInferenceAssociation,
    Group, HibernationOptions, IamInstanceProfile, InstanceDescription, Ipv6Address,
    MetadataOptionsDescription, Monitoring, NetworkAttachment, NetworkInterface, Placement,
    Prefix4, Prefix6, PrivateDnsNameOptions, PrivateIpAddress, ProductCode, Tag,
};
pub use imdsim::{
    CidrBlocks, Extras, Failure, MaintenanceEvent, ManagedSshKeys, PublicKey, RealCredentials,
    SpotInstanceAction,
};
use read::described;
pub(crate) use read::{Read, kind};
pub use schema::schema;
use schema::{Schema, Schemas};
pub use values::{Base64, DnsName, MacAddress, Override};

use crate::problem::Problem;

/// An instance out of a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    /// What is said of it.
    pub instance: InstanceDescription,
    /// The same as a document of that instance alone: what its reservation
    /// says of it is in `Imdsim`.
    pub document: Value,
    /// The ids of all instances in the document, the one above being the first.
    pub instance_ids: Vec<String>,
}

impl Description {
    /// Reads a document: the whole output of `aws ec2 describe-instances`, a
    /// reservation, an instance, or a list of any of these. Of several
    /// instances the first is taken.
    pub fn read(document: &Value) -> Result<Self, Problem> {
        let mut found = None;
        let mut instance_ids = Vec::new();
        for reservation in reservations(document)? {
            for Described { instance, document } in reservation.instances {
                instance_ids.extend(instance.instance_id.clone());
                found.get_or_insert_with(|| {
                    let mut document = document;
                    adopt(
                        &mut document,
                        "ReservationId",
                        reservation.reservation_id.as_ref(),
                    );
                    adopt(&mut document, "AccountId", reservation.owner_id.as_ref());
                    document
                });
            }
        }
        let document = found.ok_or_else(|| {
            Problem::new(
                "",
                "the document describes no instance; give the output of \
                 `aws ec2 describe-instances --instance-ids i-…` or one instance out of it",
            )
        })?;
        Ok(Self {
            instance: InstanceDescription::read(&document)?,
            document,
            instance_ids,
        })
    }
}

/// Puts what a reservation says into `Imdsim`, where that does not say
/// otherwise.
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

/// An instance as it was read, and as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    instance: InstanceDescription,
    document: Value,
}

impl Read for Described {
    fn read(value: &Value) -> Result<Self, Problem> {
        Ok(Self {
            instance: InstanceDescription::read(value)?,
            document: value.clone(),
        })
    }
}

impl Schema for Described {
    fn schema(schemas: &mut Schemas) -> Value {
        InstanceDescription::schema(schemas)
    }
}

described! {
    /// `{"Reservations": […]}`.
    Output {
        /// The reservations.
        reservations: Vec<Reservation> = "Reservations",
    }

    /// `Reservation`.
    Reservation {
        /// `r-…`
        reservation_id: Option<String> = "ReservationId",
        /// The account.
        owner_id: Option<String> = "OwnerId",
        /// The instances.
        instances: Vec<Described> = "Instances",
    }
}

fn reservations(document: &Value) -> Result<Vec<Reservation>, Problem> {
    match document {
        Value::Object(fields) if fields.contains_key("Reservations") => {
            Ok(Output::read(document)?.reservations)
        }
        Value::Object(fields) if fields.contains_key("Instances") => {
            Ok(vec![Reservation::read(document)?])
        }
        Value::Object(_) => Ok(vec![Reservation {
            instances: vec![Described::read(document)?],
            ..Reservation::default()
        }]),
        Value::Array(items) => {
            let mut all = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let read = reservations(item);
                all.extend(read.map_err(|problem| problem.inside(&format!("[{index}]")))?);
            }
            Ok(all)
        }
        other => Err(Problem::new(
            "",
            format!(
                "an instance is a JSON object, not {}; give the output of \
                 `aws ec2 describe-instances`",
                kind(other)
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(document: &str, expected: &str) {
        let problem = Description::read(&serde_json::from_str(document).unwrap()).unwrap_err();
        assert_eq!(problem.to_string(), expected);
    }

    #[test]
    fn a_bad_field_is_named_by_its_path() {
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
    fn a_document_without_an_instance_is_refused() {
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
    fn the_whole_output_a_reservation_an_instance_and_a_list_are_all_read() {
        for document in [
            r#"{"Reservations":[{"Instances":[{"InstanceId":"i-1"},{"InstanceId":"i-2"}]}]}"#,
            r#"{"Instances":[{"InstanceId":"i-1"},{"InstanceId":"i-2"}]}"#,
            r#"[{"InstanceId":"i-1"},{"InstanceId":"i-2"}]"#,
            r#"[[{"InstanceId":"i-1"}],[{"InstanceId":"i-2"}]]"#,
        ] {
            let read = Description::read(&serde_json::from_str(document).unwrap()).unwrap();
            assert_eq!(read.instance.instance_id.as_deref(), Some("i-1"));
            assert_eq!(read.instance_ids, ["i-1", "i-2"]);
        }
    }
}

//! The response of `DescribeInstances`: reservations of instances, or a part of
//! it.

use serde_json::{Value, json};

use super::declare::described;
use super::describe_instances::InstanceDescription;
use super::read::{Read, kind};
use super::recognize::{misspelled_fields, recognize};
use super::schema::{Schema, Schemas, Unknown};
use crate::problem::Problem;

/// An instance, parsed and as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Described {
    pub(super) instance: InstanceDescription,
    pub(super) document: Value,
}

impl Described {
    /// The name of the instance's state, if known.
    fn state(&self) -> Option<&str> {
        self.document["State"]["Name"].as_str()
    }

    /// The rank of the state in the selection order; lower is closer to running.
    pub(super) fn state_rank(&self) -> usize {
        const STATES: [&str; 6] = [
            "running",
            "pending",
            "stopping",
            "stopped",
            "shutting-down",
            "terminated",
        ];
        let index = |state| STATES.iter().position(|known| *known == state);
        self.state().and_then(index).unwrap_or(0)
    }

    pub(super) fn selection_warning(&self, count: usize) -> String {
        let id = self.instance.instance_id.as_deref();
        let state = self
            .state()
            .map_or(String::new(), |state| format!(" ({state})"));
        format!(
            "{count} instances are described; serving {}{state}",
            id.unwrap_or("one without an id")
        )
    }
}

impl Read for Described {
    fn read(value: &Value) -> Result<Self, Problem> {
        recognize(value)?;
        Ok(Self {
            instance: InstanceDescription::read(value)?,
            document: value.clone(),
        })
    }
}

impl Schema for Described {
    fn schema(schemas: &mut Schemas) -> Value {
        let mut form = InstanceDescription::schema(schemas);
        let unknown = json!({ "not": { "enum": InstanceDescription::FIELDS } });
        form["not"] = json!({ "minProperties": 1, "propertyNames": unknown });
        form
    }
}

described! {
    pub(super) Unknown::Ignored;

    /// `{"Reservations": […]}`.
    Output {
        /// The reservations.
        reservations: Vec<Reservation> = "Reservations",
    }

    /// `Reservation`.
    Reservation {
        /// `r-…`
        id: Option<String> = "ReservationId",
        /// The account ID of the owner.
        owner_id: Option<String> = "OwnerId",
        /// The instances.
        instances: Vec<Described> = "Instances",
    }
}

pub(super) fn reservations(
    document: &Value,
    warnings: &mut Vec<String>,
) -> Result<Vec<Reservation>, Problem> {
    match document {
        Value::Object(fields) if fields.contains_key("Reservations") => {
            let all = document["Reservations"].as_array().into_iter().flatten();
            warnings.extend(all.flat_map(|one| misspelled_fields(one, Reservation::FIELDS)));
            Ok(Output::read(document)?.reservations)
        }
        Value::Object(fields) if fields.contains_key("Instances") => {
            warnings.extend(misspelled_fields(document, Reservation::FIELDS));
            Ok(vec![Reservation::read(document)?])
        }
        Value::Object(_) => Ok(vec![Reservation {
            instances: vec![Described::read(document)?],
            ..Reservation::default()
        }]),
        Value::Array(items) => {
            let mut all = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let read = reservations(item, warnings);
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

//! The effect of a fault on a response.

use http::StatusCode;
use serde_json::{Map, Value};

use super::json_fields::{only, optional};
use crate::problem::Problem;

/// The effect of a fault on a response.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// None except for the delay.
    Delay,
    /// A response with this status.
    Status(StatusCode),
    /// No response.
    Stall,
    /// The connection closes without a response.
    Close,
    /// The connection closes after so many bytes of the body.
    Cut(usize),
    /// A malformed body.
    Garble,
    /// Credentials that expired an hour ago.
    ExpiredCredentials,
    /// A failure document with this code in place of credentials.
    CredentialsFailure(String),
}

/// The mutually exclusive fields that select the effect.
pub(super) const FIELDS: [&str; 7] = [
    "delay",
    "status",
    "stall",
    "close",
    "cut",
    "garble",
    "credentials",
];

/// The value of `credentials` for expired ones; other values are failure codes.
const EXPIRED: &str = "expired";

impl Effect {
    /// Parses the effect of a fault, if any field gives one; a delay does not
    /// count.
    pub(super) fn read(fields: &Map<String, Value>) -> Result<Option<Self>, Problem> {
        let flag = |key, effect| Ok::<_, Problem>((key, flag(fields, key)?.then_some(effect)));
        let length = optional::<u32>(fields, "cut")?;
        let length = length.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        let credentials = optional::<String>(fields, "credentials")?;
        if credentials.as_deref() == Some("") {
            let message = "it is empty; write `expired` or the code of a failure, as in \
                             AssumeRoleUnauthorizedAccess";
            return Err(Problem::new("credentials", message));
        }
        only([
            ("status", status(fields)?.map(Self::Status)),
            flag("stall", Self::Stall)?,
            flag("close", Self::Close)?,
            ("cut", length.map(Self::Cut)),
            flag("garble", Self::Garble)?,
            (
                "credentials",
                credentials.map(|said| match &*said {
                    EXPIRED => Self::ExpiredCredentials,
                    _ => Self::CredentialsFailure(said),
                }),
            ),
        ])
    }

    /// The field that selects this effect, and its value.
    pub(super) fn to_field(&self) -> Option<(&'static str, Value)> {
        Some(match self {
            Self::Delay => return None,
            Self::Status(status) => ("status", status.as_u16().into()),
            Self::Stall => ("stall", true.into()),
            Self::Close => ("close", true.into()),
            Self::Cut(length) => ("cut", (*length).into()),
            Self::Garble => ("garble", true.into()),
            Self::ExpiredCredentials => ("credentials", EXPIRED.into()),
            Self::CredentialsFailure(code) => ("credentials", code.as_str().into()),
        })
    }

    /// Whether this effect is possible at a normalized path.
    pub(super) fn is_possible_at(&self, path: &str) -> bool {
        match self {
            Self::ExpiredCredentials | Self::CredentialsFailure(_) => {
                ["/security-credentials/", "/security-credentials-extended/"]
                    .iter()
                    .any(|directory| path.contains(directory))
            }
            _ => true,
        }
    }
}

fn flag(fields: &Map<String, Value>, key: &str) -> Result<bool, Problem> {
    optional(fields, key).map(Option::unwrap_or_default)
}

/// Parses a final (not informational) status.
fn status(fields: &Map<String, Value>) -> Result<Option<StatusCode>, Problem> {
    let Some(number) = optional::<u32>(fields, "status")? else {
        return Ok(None);
    };
    let status = u16::try_from(number)
        .ok()
        .filter(|number| (200..600).contains(number));
    let status = status.and_then(|number| StatusCode::from_u16(number).ok());
    status.map(Some).ok_or_else(|| {
        let message = format!("{number} is not a response status; use 200 to 599");
        Problem::new("status", message)
    })
}

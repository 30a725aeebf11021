//! The instance profile and its role's credentials.

use super::{Placement, built_in, derive, or};
use crate::description::{self, InstanceDescription, RealCredentials};
use crate::problem::Problem;
use crate::time::UnixMillis;

/// An instance profile and its role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceProfile {
    /// The ARN of the profile.
    pub arn: String,
    /// `AIPA…`
    pub id: String,
    /// The role's name, which may differ from the profile's.
    pub role: String,
    /// The failure shown in `iam/info`, if any.
    pub failure: Option<Failure>,
    /// The role's credentials.
    pub grant: RoleCredentials,
    /// Whether `iam/security-credentials-extended` is served.
    pub extended: bool,
}

/// The source of a role's credentials.
#[derive(Clone, PartialEq, Eq)]
pub enum RoleCredentials {
    /// Generated credentials.
    MadeUp,
    /// Credentials that AWS services accept.
    Real(RealKeys),
    /// No credentials, for this reason.
    Nothing(Failure),
}

/// Keys that AWS services accept.
#[derive(Clone, PartialEq, Eq)]
pub struct RealKeys {
    /// `ASIA…` or `AKIA…`
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
    /// The session token.
    pub token: String,
    /// The expiration; `None` follows the schedule of generated credentials.
    pub expiration: Option<UnixMillis>,
}

/// A failure document of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// For example `AssumeRoleUnauthorizedAccess`.
    pub code: String,
    /// AWS's message.
    pub message: String,
}

/// Omits keys, which must not appear in logs.
impl std::fmt::Debug for RoleCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::MadeUp => "MadeUp",
            Self::Real(_) => "Real",
            Self::Nothing(_) => "Nothing",
        })
    }
}

impl InstanceProfile {
    /// Resolves the profile of a described instance, if any.
    pub(super) fn new(
        given: &InstanceDescription,
        account: &str,
        placement: &Placement,
    ) -> Result<Option<Self>, Problem> {
        let Some(profile) = given.iam_instance_profile.as_ref() else {
            return Ok(None);
        };
        let extras = &given.imdsim;
        let arn = profile.arn.clone().unwrap_or_else(|| {
            let name = or(extras.role_name.as_ref(), built_in::ROLE_NAME);
            let partition = &placement.partition;
            format!("arn:{partition}:iam::{account}:instance-profile/{name}")
        });
        let name = arn.rsplit('/').next().unwrap_or_default();
        let role = or(extras.role_name.as_ref(), name);
        let made_up_id = || derive::unique_id("AIPA", account, &[&arn], 21);
        let id = profile.id.clone().unwrap_or_else(made_up_id);
        let failure = |given: &Option<description::Failure>| {
            given.as_ref().map(|given| Failure::new(given, &role, &id))
        };
        let grant = match (failure(&extras.credentials_failure), &extras.credentials) {
            (Some(failure), _) => RoleCredentials::Nothing(failure),
            (None, Some(keys)) => RoleCredentials::Real(
                RealKeys::new(keys).map_err(|problem| problem.inside("Imdsim.Credentials"))?,
            ),
            (None, None) => RoleCredentials::MadeUp,
        };
        Ok(Some(Self {
            failure: failure(&extras.instance_profile_failure),
            grant,
            extended: extras.security_credentials_extended,
            arn,
            id,
            role,
        }))
    }
}

impl RealKeys {
    /// Validates the fields that every client requires.
    pub(crate) fn new(given: &RealCredentials) -> Result<Self, Problem> {
        for (name, text) in [
            ("AccessKeyId", &given.access_key_id),
            ("SecretAccessKey", &given.secret_access_key),
        ] {
            if text.is_empty() {
                let remedy = "use the Credentials that `aws sts assume-role` prints";
                return Err(Problem::new(name, format!("it is missing; {remedy}")));
            }
        }
        let token = given.token.clone().or_else(|| given.session_token.clone());
        let token = token.ok_or_else(|| {
            Problem::new(
                "SessionToken",
                "it is missing, and the metadata service gives temporary keys only, which AWS \
                 refuses without one; give what `aws sts get-session-token` prints",
            )
        })?;
        Ok(Self {
            access_key_id: given.access_key_id.clone(),
            secret_access_key: given.secret_access_key.clone(),
            token,
            expiration: given.expiration,
        })
    }
}

const SEE: &str =
    "http://docs.amazonwebservices.com/IAM/latest/UserGuide/RolesTroubleshooting.html";

impl Failure {
    /// A failure of the role's credentials with this code.
    pub(crate) fn of_role(code: &str, profile: &InstanceProfile) -> Self {
        let given = description::Failure {
            code: code.to_owned(),
            ..description::Failure::default()
        };
        Self::new(&given, &profile.role, &profile.id)
    }

    fn new(given: &description::Failure, role: &str, profile: &str) -> Self {
        let words = || match &*given.code {
            // AWS writes two spaces.
            "AssumeRoleUnauthorizedAccess" => {
                format!("EC2 cannot assume the role {role}.  Please see documentation at {SEE}.")
            }
            "InstanceProfileNotFound" => format!(
                "Instance Profile with Id {profile} cannot be found. \
                 Please see documentation at {SEE}."
            ),
            _ => "The credentials of the role could not be retrieved.".to_owned(),
        };
        Self {
            code: given.code.clone(),
            message: given.message.clone().unwrap_or_else(words),
        }
    }
}

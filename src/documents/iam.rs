//! `iam/*` and `identity-credentials/ec2/*` (reference 9.2 and 9.3).

use super::credentials::Credentials;
use super::layout::spaced;
use crate::instance::InstanceProfile;
use crate::time::iso;
use jiff::Timestamp;

/// `iam/info`.
pub(crate) fn info(profile: &InstanceProfile, last_updated: Timestamp) -> String {
    spaced(&[
        ("Code", "Success".into()),
        ("LastUpdated", iso(last_updated).into()),
        ("InstanceProfileArn", profile.arn.as_str().into()),
        ("InstanceProfileId", profile.id.as_str().into()),
    ])
}

/// The seven fields of `security-credentials/<role>`, and no others.
pub(crate) fn credentials_document(keys: &Credentials) -> String {
    spaced(&[
        ("Code", "Success".into()),
        ("LastUpdated", iso(keys.last_updated).into()),
        ("Type", "AWS-HMAC".into()),
        ("AccessKeyId", keys.access_key_id.as_str().into()),
        ("SecretAccessKey", keys.secret_access_key.as_str().into()),
        ("Token", keys.token.as_str().into()),
        ("Expiration", iso(keys.expiration).into()),
    ])
}

/// `identity-credentials/ec2/info`.
pub(crate) fn instance_info(account_id: &str, last_updated: Timestamp) -> String {
    spaced(&[
        ("Code", "Success".into()),
        ("LastUpdated", iso(last_updated).into()),
        ("AccountId", account_id.into()),
    ])
}

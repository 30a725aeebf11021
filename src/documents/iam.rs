//! `iam/*` and `identity-credentials/ec2/*` (reference 9.2 and 9.3).

use super::credentials::Credentials;
use super::layout::spaced;
use crate::instance::InstanceProfile;
use crate::time::UnixMillis;

/// `iam/info`.
pub(crate) fn info(profile: &InstanceProfile, last_updated: UnixMillis) -> String {
    spaced(&[
        ("Code", "Success".into()),
        ("LastUpdated", last_updated.iso().into()),
        ("InstanceProfileArn", profile.arn.as_str().into()),
        ("InstanceProfileId", profile.id.as_str().into()),
    ])
}

/// The seven fields of `security-credentials/<role>`, and no others.
pub(crate) fn credentials_document(keys: &Credentials) -> String {
    spaced(&[
        ("Code", "Success".into()),
        ("LastUpdated", keys.last_updated.iso().into()),
        ("Type", "AWS-HMAC".into()),
        ("AccessKeyId", keys.access_key_id.as_str().into()),
        ("SecretAccessKey", keys.secret_access_key.as_str().into()),
        ("Token", keys.token.as_str().into()),
        ("Expiration", keys.expiration.iso().into()),
    ])
}

/// `identity-credentials/ec2/info`.
pub(crate) fn instance_info(account_id: &str, last_updated: UnixMillis) -> String {
    spaced(&[
        ("Code", "Success".into()),
        ("LastUpdated", last_updated.iso().into()),
        ("AccountId", account_id.into()),
    ])
}

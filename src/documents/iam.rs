//! `iam/*` and `identity-credentials/ec2/*` (reference 9.2 and 9.3).

use serde_json::Value;

use super::credentials::Credentials;
use super::layout::spaced;
use crate::instance::{Failure, InstanceProfile};
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

/// The seven fields of `security-credentials/<role>`.
pub(crate) fn credentials_document(keys: &Credentials) -> String {
    spaced(&credentials_fields(keys))
}

/// The eight fields of `security-credentials-extended/<role>` (reference 12.2).
pub(crate) fn extended_document(keys: &Credentials, account_id: &str) -> String {
    let mut fields = credentials_fields(keys).to_vec();
    fields.push(("AccountId", account_id.into()));
    spaced(&fields)
}

fn credentials_fields(keys: &Credentials) -> [(&'static str, Value); 7] {
    [
        ("Code", "Success".into()),
        ("LastUpdated", keys.last_updated.iso().into()),
        ("Type", "AWS-HMAC".into()),
        ("AccessKeyId", keys.access_key_id.as_str().into()),
        ("SecretAccessKey", keys.secret_access_key.as_str().into()),
        ("Token", keys.token.as_str().into()),
        ("Expiration", keys.expiration.iso().into()),
    ]
}

/// The failure served in place of any of these documents, with status 200.
pub(crate) fn failure(failure: &Failure, last_updated: UnixMillis) -> String {
    spaced(&[
        ("Code", failure.code.as_str().into()),
        ("Message", failure.message.as_str().into()),
        ("LastUpdated", last_updated.iso().into()),
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

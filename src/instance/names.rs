//! Validation of described names that become path segments of the tree: every
//! listed name must be reachable by path.

use super::Instance;
use crate::problem::Problem;

/// Rejects an instance with a name that cannot be a path segment.
pub(super) fn check(instance: &Instance) -> Result<(), Problem> {
    let keys = &instance.managed_ssh_keys;
    let accelerators = &instance.accelerators;
    for version in &instance.versions {
        check_name("Imdsim.ApiVersions", version)?;
    }
    if let Some(profile) = &instance.profile {
        check_name("Imdsim.RoleName", &profile.role)?;
    }
    for (place, map) in [
        ("BlockDeviceMappings", &instance.block_devices),
        ("ElasticGpuAssociations", &accelerators.graphics),
        (
            "ElasticInferenceAcceleratorAssociations",
            &accelerators.inference,
        ),
        ("Imdsim.ManagedSshKeys.ActiveKeys", &keys.active_keys),
        ("Imdsim.ManagedSshKeys.SignerOcsp", &keys.signer_ocsp),
    ] {
        for name in map.keys() {
            check_name(place, name)?;
        }
    }
    for key in &instance.public_keys {
        if key.name.is_empty() || key.name.contains(char::is_control) {
            return Err(refusal("KeyName", &key.name, "printable characters"));
        }
    }
    Ok(())
}

fn check_name(place: &str, name: &str) -> Result<(), Problem> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@:_-".contains(&byte);
    if !name.is_empty() && !matches!(name, "." | "..") && name.bytes().all(fits) {
        return Ok(());
    }
    Err(refusal(place, name, "letters, digits and any of +=,.@:_-"))
}

fn refusal(place: &str, name: &str, allowed: &str) -> Problem {
    let message = format!("{name:?} cannot be a name in the tree; write {allowed}");
    Problem::new(place, message)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(document: &Value, expected: &str) {
        let problem = Instance::read(document).unwrap_err().to_string();
        let begins = format!("{expected} cannot be a name in the tree; write ");
        assert!(problem.starts_with(&begins), "{problem}");
    }

    #[test]
    fn names_that_cannot_be_path_segments_are_rejected() {
        check(
            &json!({ "Imdsim": { "ApiVersions": ["1.0", "a/b"] } }),
            "Imdsim.ApiVersions: \"a/b\"",
        );
        check(
            &json!({ "IamInstanceProfile": {}, "Imdsim": { "RoleName": ".." } }),
            "Imdsim.RoleName: \"..\"",
        );
        check(
            &json!({ "Imdsim": { "ManagedSshKeys": { "ActiveKeys": { "": "k" } } } }),
            "Imdsim.ManagedSshKeys.ActiveKeys: \"\"",
        );
        check(&json!({ "KeyName": "a\nb" }), "KeyName: \"a\\nb\"");
    }
}

//! Removal of secrets from captures, unless the caller asks for them.

use serde_json::Value;

use super::flags::CaptureFlags;
use super::trees::{CapturedNode, Tree};

/// The secret fields of credentials.
const KEYS: [&str; 3] = ["AccessKeyId", "SecretAccessKey", "Token"];

/// The signatures of the identity document, which prove the instance's identity
/// to others.
const SIGNATURES: [&str; 3] = [
    "dynamic/instance-identity/pkcs7",
    "dynamic/instance-identity/rsa2048",
    "dynamic/instance-identity/signature",
];

/// Whether a path holds credentials.
pub(super) fn is_credentials(path: &str) -> bool {
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    [
        "meta-data/iam/security-credentials",
        "meta-data/iam/security-credentials-extended",
        "meta-data/identity-credentials/ec2/security-credentials",
    ]
    .contains(&directory)
        && !path.ends_with('/')
}

/// Whether a path holds a signature.
pub(super) fn is_signature(path: &str) -> bool {
    SIGNATURES.contains(&path)
}

/// Removes secrets from a tree, unless the flags include them.
pub(super) fn withhold(tree: &mut Tree, flags: &CaptureFlags) {
    for (path, found) in tree {
        if path == "user-data" {
            if !flags.with_user_data {
                *found = CapturedNode::Withheld;
            }
        } else if !flags.with_credentials {
            if is_signature(path) {
                *found = CapturedNode::Withheld;
            } else if is_credentials(path) {
                *found = without_keys(found).map_or(CapturedNode::Withheld, CapturedNode::Text);
            }
        }
    }
}

/// Removes the secret fields from credentials. Returns `None` for an unknown
/// format.
fn without_keys(found: &CapturedNode) -> Option<String> {
    let mut document: Value = serde_json::from_str(found.text()?).ok()?;
    let fields = document.as_object_mut()?;
    fields.retain(|name, _| !KEYS.contains(&name.as_str()));
    Some(format!("{document:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIALS: &str = "meta-data/iam/security-credentials/web";

    fn redacted(flags: &CaptureFlags) -> Tree {
        let document =
            r#"{"Code": "Success", "AccessKeyId": "A", "SecretAccessKey": "S", "Token": "T"}"#;
        let mut tree: Tree = [
            (CREDENTIALS, document),
            ("meta-data/iam/security-credentials/odd", "S"),
            ("meta-data/iam/security-credentials/", "web\nodd"),
            ("dynamic/instance-identity/pkcs7", "S"),
            ("user-data", "S"),
        ]
        .map(|(path, text)| (path.to_owned(), CapturedNode::Text(text.into())))
        .into();
        withhold(&mut tree, flags);
        tree
    }

    #[test]
    fn secrets_are_withheld_by_default() {
        let tree = redacted(&CaptureFlags::default());
        let known = CapturedNode::Text("{\n  \"Code\": \"Success\"\n}".into());
        assert_eq!(tree[CREDENTIALS], known);
        let withheld = tree
            .values()
            .filter(|found| **found == CapturedNode::Withheld);
        assert_eq!(withheld.count(), 3);
    }

    #[test]
    fn only_requested_secrets_are_included() {
        let tree = redacted(&CaptureFlags {
            with_user_data: true,
            ..CaptureFlags::default()
        });
        assert_eq!(tree["user-data"], CapturedNode::Text("S".into()));
        assert_eq!(
            tree["dynamic/instance-identity/pkcs7"],
            CapturedNode::Withheld
        );
        let tree = redacted(&CaptureFlags {
            with_credentials: true,
            ..CaptureFlags::default()
        });
        assert!(tree[CREDENTIALS].text().unwrap().contains("Token"));
        assert_eq!(tree["user-data"], CapturedNode::Withheld);
    }
}

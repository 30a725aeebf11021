//! Removal of secrets from captures, unless the caller asks for them.

use serde_json::Value;

use super::flags::CaptureFlags;
use super::trees::{CapturedNode, Tree};

/// The fields of credentials that open something.
const KEYS: [&str; 3] = ["AccessKeyId", "SecretAccessKey", "Token"];

/// The signatures of the identity document, by which a server proves to others
/// that it is this instance.
const SIGNATURES: [&str; 3] = [
    "dynamic/instance-identity/pkcs7",
    "dynamic/instance-identity/rsa2048",
    "dynamic/instance-identity/signature",
];

/// Whether credentials are at a path.
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

/// Whether a signature is at a path.
pub(super) fn is_signature(path: &str) -> bool {
    SIGNATURES.contains(&path)
}

/// Takes out of a tree what is not told.
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

/// Credentials without what they open things with. What cannot be read is not
/// told at all.
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

    fn told(flags: &CaptureFlags) -> Tree {
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
    fn no_secret_is_told_unasked() {
        let tree = told(&CaptureFlags::default());
        let known = CapturedNode::Text("{\n  \"Code\": \"Success\"\n}".into());
        assert_eq!(tree[CREDENTIALS], known);
        let withheld = tree
            .values()
            .filter(|found| **found == CapturedNode::Withheld);
        assert_eq!(withheld.count(), 3);
    }

    #[test]
    fn what_is_asked_for_is_told_and_nothing_else() {
        let tree = told(&CaptureFlags {
            with_user_data: true,
            ..CaptureFlags::default()
        });
        assert_eq!(tree["user-data"], CapturedNode::Text("S".into()));
        assert_eq!(
            tree["dynamic/instance-identity/pkcs7"],
            CapturedNode::Withheld
        );
        let tree = told(&CaptureFlags {
            with_credentials: true,
            ..CaptureFlags::default()
        });
        assert!(tree[CREDENTIALS].text().unwrap().contains("Token"));
        assert_eq!(tree["user-data"], CapturedNode::Withheld);
    }
}

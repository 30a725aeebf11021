//! Public keys as shown in `public-keys/`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::derive;
use crate::description::InstanceDescription;

/// A public key of the launch request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// The key pair's name.
    pub name: String,
    /// The OpenSSH line: key, key pair name, newline (reference 17.1).
    pub line: String,
}

/// The described keys, or a generated public key without a private one for
/// `KeyName`.
pub(super) fn all(given: &InstanceDescription, instance_id: &str) -> Vec<PublicKey> {
    let described = &given.imdsim.public_keys;
    if described.is_empty() {
        let name = given.key_name.clone();
        return name
            .map(|name| generated(&name, instance_id))
            .into_iter()
            .collect();
    }
    described
        .iter()
        .map(|key| line(&key.key_name, &key.open_ssh_key))
        .collect()
}

/// Replaces the comment of a key by the key pair's name.
fn line(name: &str, key: &str) -> PublicKey {
    let key: Vec<&str> = key.split_whitespace().take(2).collect();
    PublicKey {
        name: name.to_owned(),
        line: format!("{} {name}\n", key.join(" ")),
    }
}

fn generated(name: &str, instance_id: &str) -> PublicKey {
    let mut blob = Vec::new();
    for field in [
        &b"ssh-ed25519"[..],
        &derive::bytes(&["key", name, instance_id]),
    ] {
        blob.extend(u32::try_from(field.len()).unwrap_or_default().to_be_bytes());
        blob.extend(field);
    }
    line(name, &format!("ssh-ed25519 {}", STANDARD.encode(blob)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_pair_name_replaces_the_comment() {
        let key = line("web", "ssh-ed25519 AAAA someone@laptop");
        assert_eq!(key.line, "ssh-ed25519 AAAA web\n");
        assert_eq!(
            line("web", "ssh-ed25519 AAAA").line,
            "ssh-ed25519 AAAA web\n"
        );
    }

    #[test]
    fn a_generated_key_without_its_name_has_80_bytes() {
        let key = generated("k", "i-1").line;
        assert_eq!(key.len(), 80 + " k\n".len());
        assert!(key.starts_with("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"));
    }
}

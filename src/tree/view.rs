//! The inputs of a lookup in the tree.

use std::borrow::Cow;

use crate::documents::{self, CredentialIssuer, Credentials, ImdsVersion, Rotation};
use crate::instance::{Events, Failure, Instance, InstanceProfile, RoleCredentials};
use crate::signature::{Signature, Signatures};
use crate::time::UnixMillis;
use crate::versions::{LATEST, Version};

/// The inputs of a lookup.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The instance.
    pub instance: &'a Instance,
    /// Generates the credentials.
    pub credential_issuer: &'a CredentialIssuer,
    /// Signs the identity document.
    pub(crate) signatures: &'a Signatures,
    /// Whether tags are shown in metadata.
    pub tags: bool,
    /// The hour of the credential rotation. Without faults, content depends on time
    /// in no other way.
    pub rotation: Rotation,
    /// The IMDS version, which selects the credentials.
    pub imds: ImdsVersion,
    /// Whether scheduled events and notices are visible.
    pub notices: bool,
    /// The validity of the credentials.
    pub credentials: CredentialHealth<'a>,
}

/// The validity of served credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialHealth<'a> {
    /// As described.
    Good,
    /// Expired an hour before this moment and not renewed.
    Expired(UnixMillis),
    /// Missing, with this failure code.
    Failed(&'a str),
}

impl<'a> View<'a> {
    /// Resolves a served version by name; `latest` is the newest.
    pub(super) fn version(&self, name: &str) -> Option<Version<'a>> {
        let mut served = self.instance.versions.iter();
        let version = if name == LATEST {
            served.next_back()
        } else {
            served.find(|known| *known == name)
        };
        version.map(|version| Version::new(version))
    }

    /// The visible scheduled events and notices.
    pub(super) fn events(&self) -> &'a Events {
        if self.notices {
            &self.instance.events
        } else {
            &QUIET
        }
    }

    /// Whether the instance has an instance profile.
    pub(super) fn has_role(&self) -> bool {
        self.instance.profile.is_some()
    }

    /// Whether the instance profile's role has this name.
    pub(super) fn is_role(&self, name: &str) -> bool {
        let profile = self.instance.profile.as_ref();
        profile.is_some_and(|profile| profile.role == name)
    }

    /// Whether the instance profile's role has this name and also serves the
    /// extended document.
    pub(super) fn is_extended_role(&self, name: &str) -> bool {
        let profile = self.instance.profile.as_ref();
        self.is_role(name) && profile.is_some_and(|profile| profile.extended)
    }

    /// `iam/info`; empty without a profile, in which case no row uses it.
    pub(super) fn iam_info(&self) -> String {
        self.of_profile(|profile| {
            let last_updated = self.role_keys(profile).last_updated;
            match &profile.failure {
                Some(failure) => documents::failure(failure, last_updated),
                None => documents::iam_info(profile, last_updated),
            }
        })
    }

    /// `iam/security-credentials/<role>`; empty without a profile.
    pub(super) fn role_credentials(&self) -> String {
        self.of_profile(|profile| self.granted(profile, documents::credentials_document))
    }

    /// `iam/security-credentials-extended/<role>`; empty without a profile.
    pub(super) fn extended_role_credentials(&self) -> String {
        let account_id = &self.instance.account_id;
        self.of_profile(|profile| {
            self.granted(profile, |keys| {
                documents::extended_document(keys, account_id)
            })
        })
    }

    fn of_profile(&self, document: impl Fn(&InstanceProfile) -> String) -> String {
        let profile = self.instance.profile.as_ref();
        profile.map_or_else(String::new, document)
    }

    fn granted(&self, profile: &InstanceProfile, say: impl Fn(&Credentials) -> String) -> String {
        let keys = self.role_keys(profile);
        if let CredentialHealth::Failed(code) = self.credentials {
            return documents::failure(&Failure::of_role(code, profile), keys.last_updated);
        }
        match &profile.grant {
            RoleCredentials::MadeUp => say(&self.with_health(keys)),
            RoleCredentials::Real(real) => say(&self.with_health(keys.replaced_by(real))),
            RoleCredentials::Nothing(failure) => documents::failure(failure, keys.last_updated),
        }
    }

    /// A signature of the identity document; made on demand.
    pub(super) fn signature(&self, signature: Signature) -> String {
        self.signatures.text(signature, self.instance).to_owned()
    }

    /// `identity-credentials/ec2/info`.
    pub(super) fn instance_info(&self) -> String {
        documents::instance_info(&self.instance.account_id, self.instance_keys().last_updated)
    }

    /// `identity-credentials/ec2/security-credentials/ec2-instance`.
    pub(super) fn instance_credentials(&self) -> String {
        documents::credentials_document(&self.with_health(self.instance_keys()))
    }

    fn role_keys(&self, profile: &InstanceProfile) -> Credentials {
        self.credential_issuer
            .role(&profile.role, &profile.id, self.imds, self.rotation)
    }

    fn instance_keys(&self) -> Credentials {
        let profile = self.instance.profile.as_ref();
        let profile = profile.map_or("", |profile| &profile.id);
        self.credential_issuer
            .instance(profile, self.imds, self.rotation)
    }

    /// Applies the credential health of this view.
    fn with_health(&self, keys: Credentials) -> Credentials {
        match self.credentials {
            CredentialHealth::Expired(now) => keys.expired(now),
            _ => keys,
        }
    }

    /// The value of a tag, if tags are shown in metadata.
    pub(super) fn tag(&self, key: &str) -> Option<Cow<'a, str>> {
        let mut tags = self.instance.tags.iter().filter(|_| self.tags);
        let (_, value) = tags.find(|(known, _)| known == key)?;
        Some(Cow::Borrowed(value))
    }

    /// The keys of a segment in braces, below the key `outer`.
    pub(super) fn keys(&self, name: &str, outer: Option<&str>) -> Vec<Cow<'a, str>> {
        let instance = self.instance;
        let borrowed = |key: &'a String| Cow::Borrowed(key.as_str());
        match name {
            "{accelerator}" => instance
                .accelerators
                .inference
                .keys()
                .map(borrowed)
                .collect(),
            "{device}" => instance.block_devices.keys().map(borrowed).collect(),
            "{fingerprint}" => {
                let answers = &instance.managed_ssh_keys.signer_ocsp;
                answers.keys().map(borrowed).collect()
            }
            "{gpu}" => instance
                .accelerators
                .graphics
                .keys()
                .map(borrowed)
                .collect(),
            "{index}" => (0..instance.public_keys.len())
                .map(|index| Cow::Owned(index.to_string()))
                .collect(),
            "{mac}" => instance.interfaces.keys().map(borrowed).collect(),
            "{public-ipv4}" => outer
                .and_then(|mac| instance.interfaces.get(mac))
                .map(|interface| interface.ipv4_associations.keys().map(borrowed).collect())
                .unwrap_or_default(),
            "{role}" => instance
                .profile
                .iter()
                .map(|profile| borrowed(&profile.role))
                .collect(),
            "{tag}" => instance.tags.iter().map(|(key, _)| borrowed(key)).collect(),
            "{user}" => {
                let pushed = &instance.managed_ssh_keys.active_keys;
                pushed.keys().map(borrowed).collect()
            }
            _ => unreachable_key(name),
        }
    }

    /// The line of a key in a listing, if not the key itself: `public-keys/` lists
    /// `0=<key name>` (reference 4).
    pub(super) fn listed_key(&self, name: &str, key: &str) -> Option<String> {
        if name != "{index}" {
            return None;
        }
        let public_key = self.instance.public_key(key)?;
        Some(format!("{key}={}", public_key.name))
    }
}

/// No scheduled events or notices.
static QUIET: Events = Events {
    spot: None,
    rebalance: None,
    target_lifecycle_state: None,
    maintenance: Vec::new(),
};

/// Unreachable: a test covers the keys of all rows.
fn unreachable_key<'a>(name: &str) -> Vec<Cow<'a, str>> {
    debug_assert!(false, "no keys are known for {name}");
    Vec::new()
}

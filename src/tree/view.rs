//! What a lookup sees: the instance in an hour of its credentials, through one
//! of the protocols.

use std::borrow::Cow;

use crate::documents::{self, CredentialIssuer, Credentials, ImdsVersion, Rotation};
use crate::instance::{Events, Failure, Instance, InstanceProfile, RoleCredentials};
use crate::signature::{Signature, Signatures};
use crate::time::UnixMillis;
use crate::versions::{LATEST, Version};

/// The instance, the hour of its credentials, and how the request came.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The instance.
    pub instance: &'a Instance,
    /// Makes its credentials.
    pub credential_issuer: &'a CredentialIssuer,
    /// Makes the signatures of its identity document.
    pub(crate) signatures: &'a Signatures,
    /// Whether tags are shown.
    pub tags: bool,
    /// The hour of its credentials. Nothing that is shown depends on the time
    /// more closely than that.
    pub rotation: Rotation,
    /// The protocol, which decides which credentials are shown.
    pub imds: ImdsVersion,
    /// Whether its notices are visible.
    pub notices: bool,
    /// The validity of its credentials.
    pub credentials: CredentialHealth<'a>,
}

/// The validity of served credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialHealth<'a> {
    /// They are as described.
    Good,
    /// They ended an hour before this moment, and no new ones came.
    Expired(UnixMillis),
    /// There are none, for a reason with this code.
    Failed(&'a str),
}

impl<'a> View<'a> {
    /// The version of this name, if it is served; `latest` is the newest.
    pub(super) fn version(&self, name: &str) -> Option<Version<'a>> {
        let mut served = self.instance.versions.iter();
        let version = if name == LATEST {
            served.next_back()
        } else {
            served.find(|known| *known == name)
        };
        version.map(|version| Version::new(version))
    }

    /// What is about to happen, as far as it is shown.
    pub(super) fn events(&self) -> &'a Events {
        if self.notices {
            &self.instance.events
        } else {
            &QUIET
        }
    }

    /// Whether there is an instance profile.
    pub(super) fn has_role(&self) -> bool {
        self.instance.profile.is_some()
    }

    /// Whether the role in the instance profile has this name.
    pub(super) fn is_role(&self, name: &str) -> bool {
        let profile = self.instance.profile.as_ref();
        profile.is_some_and(|profile| profile.role == name)
    }

    /// Whether the role in the instance profile has this name, and the longer
    /// document is there too.
    pub(super) fn is_extended_role(&self, name: &str) -> bool {
        let profile = self.instance.profile.as_ref();
        self.is_role(name) && profile.is_some_and(|profile| profile.extended)
    }

    /// `iam/info`; empty without a profile, which is not asked for.
    pub(super) fn iam_info(&self) -> String {
        self.of_profile(|profile| {
            let last_updated = self.role_keys(profile).last_updated;
            match &profile.failure {
                Some(failure) => documents::failure(failure, last_updated),
                None => documents::iam_info(profile, last_updated),
            }
        })
    }

    /// `iam/security-credentials/<role>`, likewise.
    pub(super) fn role_credentials(&self) -> String {
        self.of_profile(|profile| self.granted(profile, documents::credentials_document))
    }

    /// `iam/security-credentials-extended/<role>`, likewise.
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

    /// A signature of the identity document, which lookups alone do not make.
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

    /// Credentials as they are by now.
    fn with_health(&self, keys: Credentials) -> Credentials {
        match self.credentials {
            CredentialHealth::Expired(now) => keys.expired(now),
            _ => keys,
        }
    }

    /// The value of a tag, if tags are shown.
    pub(super) fn tag(&self, key: &str) -> Option<Cow<'a, str>> {
        let mut tags = self.instance.tags.iter().filter(|_| self.tags);
        let (_, value) = tags.find(|(known, _)| known == key)?;
        Some(Cow::Borrowed(value))
    }

    /// The keys that a name in braces stands for, below the key `outer`.
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

    /// How a listing shows a key, where it is not by the key itself:
    /// `public-keys/` says `0=<key name>` (reference 4).
    pub(super) fn listed_key(&self, name: &str, key: &str) -> Option<String> {
        if name != "{index}" {
            return None;
        }
        let public_key = self.instance.public_key(key)?;
        Some(format!("{key}={}", public_key.name))
    }
}

/// Nothing is about to happen.
static QUIET: Events = Events {
    spot: None,
    rebalance: None,
    target_lifecycle_state: None,
    maintenance: Vec::new(),
};

/// A test walks all rows, so that no name in braces comes here.
fn unreachable_key<'a>(name: &str) -> Vec<Cow<'a, str>> {
    debug_assert!(false, "no keys are known for {name}");
    Vec::new()
}

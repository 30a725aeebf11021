//! Temporary credentials in a realistic format, derived statelessly from the
//! instance and rotated every hour (reference 7.6 and 9.2).

use std::cell::OnceCell;
use std::fmt;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::instance::{RealKeys, derive};
use crate::mac::{self, Keyed};
use crate::time::UnixMillis;

/// The IMDS version of a request. Each version has its own keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImdsVersion {
    /// Without a session token.
    V1,
    /// With a valid session token.
    V2,
}

/// A set of temporary credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// When the service fetched them.
    pub last_updated: UnixMillis,
    /// `ASIA…`, 20 characters, with the account ID encoded as by AWS.
    pub access_key_id: String,
    /// 40 characters.
    pub secret_access_key: String,
    /// The session token.
    pub token: String,
    /// Always more than five hours ahead.
    pub expiration: UnixMillis,
}

impl Credentials {
    /// Replaces the keys by real ones.
    pub(crate) fn replaced_by(self, real: &RealKeys) -> Self {
        Self {
            access_key_id: real.access_key_id.clone(),
            secret_access_key: real.secret_access_key.clone(),
            token: real.token.clone(),
            expiration: real.expiration.unwrap_or(self.expiration),
            ..self
        }
    }

    /// Moves the expiration to an hour before `now`.
    pub(crate) fn expired(self, now: UnixMillis) -> Self {
        Self {
            last_updated: now.plus_seconds(-ROTATION_SECONDS - LIFE_SECONDS),
            expiration: now.plus_seconds(-ROTATION_SECONDS),
            ..self
        }
    }
}

/// The rotation hour of credentials, counted from the launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    start: UnixMillis,
}

impl Rotation {
    /// Returns the rotation hour that contains `now`.
    pub fn at(now: UnixMillis, launch: UnixMillis) -> Self {
        let into = (now.seconds() - launch.seconds()).rem_euclid(ROTATION_SECONDS);
        Self {
            start: UnixMillis::from_seconds(now.seconds() - into),
        }
    }

    /// The hour itself.
    pub(crate) fn interval(self) -> Range<UnixMillis> {
        self.start..self.start.plus_seconds(ROTATION_SECONDS)
    }

    /// The value of `Last-Modified`: when the service loaded its data, shortly
    /// before it fetched the credentials (reference 5.1).
    pub fn loaded(self) -> UnixMillis {
        self.before(LOADED_BEFORE)
    }

    fn before(self, seconds: i64) -> UnixMillis {
        self.start.plus_seconds(-seconds)
    }
}

/// Generates the credentials of one instance.
#[derive(Clone)]
pub struct CredentialIssuer {
    /// Derived on first use; most requests need no credentials.
    key: OnceCell<Keyed>,
    secret: Vec<u8>,
    instance_id: String,
    account: String,
}

impl CredentialIssuer {
    /// Creates an issuer; keys depend on secret, instance id and account.
    pub fn new(secret: &[u8], instance_id: &str, account: &str) -> Self {
        Self {
            key: OnceCell::new(),
            secret: secret.to_vec(),
            instance_id: instance_id.to_owned(),
            account: account.to_owned(),
        }
    }

    /// Returns the credentials of the role `name` in the instance profile `id`.
    /// Both IMDS versions have the same `Expiration` (reference 17.6).
    pub fn role(
        &self,
        name: &str,
        profile: &str,
        imds: ImdsVersion,
        rotation: Rotation,
    ) -> Credentials {
        self.make(&["role", name, profile], &[], imds, rotation)
    }

    /// Returns the instance's own credentials, `aws:ec2-instance`. They change with
    /// the profile, and `Expiration` differs between IMDS versions.
    pub fn instance(&self, profile: &str, imds: ImdsVersion, rotation: Rotation) -> Credentials {
        self.make(&["instance", profile], &[imds.label()], imds, rotation)
    }

    fn make(
        &self,
        subject: &[&str],
        shared_by: &[&str],
        imds: ImdsVersion,
        rotation: Rotation,
    ) -> Credentials {
        let hour = rotation.start.seconds().to_string();
        let life = [&["life", &hour], subject, shared_by].concat();
        let own = [&["keys", &hour, imds.label()], subject].concat();
        let key =
            (self.key).get_or_init(|| mac::derive(&self.secret, &[KEY_LABEL, &self.instance_id]));
        let spread = i64::from(mac::expand(key, &life, 1)[0]);
        let bytes = mac::expand(key, &own, 32 + SECRET_BYTES + TOKEN_BYTES);
        let (seed, bytes) = bytes.split_at(32);
        let (secret, token) = bytes.split_at(SECRET_BYTES);
        let seed = STANDARD.encode(seed);
        Credentials {
            last_updated: rotation.before(match imds {
                ImdsVersion::V1 => 31 + i64::from(token[0] % 30),
                ImdsVersion::V2 => 1 + i64::from(token[0] % 30),
            }),
            access_key_id: derive::unique_id("ASIA", &self.account, &[&seed], 20),
            secret_access_key: STANDARD.encode(secret),
            token: STANDARD.encode([TOKEN_OPENING, token].concat()),
            expiration: rotation.start.plus_seconds(LIFE_SECONDS + spread * 7),
        }
    }
}

/// Omits the key, which must not appear in logs.
impl fmt::Debug for CredentialIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialIssuer").finish_non_exhaustive()
    }
}

impl ImdsVersion {
    const fn label(self) -> &'static str {
        match self {
            Self::V1 => "IMDSv1",
            Self::V2 => "IMDSv2",
        }
    }
}

const KEY_LABEL: &str = "imdsim credentials";
const ROTATION_SECONDS: i64 = 3600;
/// Slightly over six hours, up to six and a half (reference 9.2).
const LIFE_SECONDS: i64 = 6 * 3600 + 60;
const LOADED_BEFORE: i64 = 64;
/// 40 characters in base64.
const SECRET_BYTES: usize = 30;
const TOKEN_BYTES: usize = 588;
/// The common prefix of session tokens, `IQoJb3JpZ2luX2Vj` in base64.
const TOKEN_OPENING: &[u8] = b"!\n\torigin_ec";

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> UnixMillis {
        UnixMillis::from_seconds(1_800_000_000 + second)
    }

    fn role(imds: ImdsVersion, second: i64) -> Credentials {
        let credential_issuer = CredentialIssuer::new(b"secret", "i-1", "123456789012");
        credential_issuer.role("web", "AIPA1", imds, Rotation::at(at(second), at(0)))
    }

    #[test]
    fn keys_have_the_format_of_real_ones() {
        let keys = role(ImdsVersion::V2, 0);
        assert!(keys.access_key_id.starts_with("ASIA"));
        assert_eq!(keys.access_key_id.len(), 20);
        assert_eq!(keys.secret_access_key.len(), 40);
        assert!(keys.token.starts_with("IQoJb3JpZ2luX2Vj"), "{}", keys.token);
    }

    #[test]
    fn keys_rotate_hourly_and_long_before_expiration() {
        for second in [-1, 0, 1, 3599, 3600, 1_000_000] {
            let keys = role(ImdsVersion::V2, second);
            let left = keys.expiration.seconds() - at(second).seconds();
            assert!(left > 5 * 3600, "{left} at {second}");
            assert!(keys.last_updated < at(second));
            let life = keys.expiration.seconds() - keys.last_updated.seconds();
            assert!((361..=395).contains(&(life / 60)), "{life}");
        }
        assert_eq!(role(ImdsVersion::V2, 0), role(ImdsVersion::V2, 3599));
        assert_ne!(role(ImdsVersion::V2, 0), role(ImdsVersion::V2, 3600));
    }

    #[test]
    fn imds_versions_have_different_keys_with_the_same_expiration() {
        let (v1, v2) = (role(ImdsVersion::V1, 0), role(ImdsVersion::V2, 0));
        assert_ne!(v1.access_key_id, v2.access_key_id);
        assert_ne!(v1.secret_access_key, v2.secret_access_key);
        assert_ne!(v1.token, v2.token);
        assert_ne!(v1.last_updated, v2.last_updated);
        assert_eq!(v1.expiration, v2.expiration);
    }

    #[test]
    fn data_is_loaded_before_the_keys_are_fetched() {
        for second in [0, 5000] {
            let loaded = Rotation::at(at(second), at(0)).loaded();
            assert!(loaded < role(ImdsVersion::V1, second).last_updated);
        }
    }
}

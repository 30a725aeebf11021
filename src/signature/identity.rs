//! Key pairs: the built-in ones, and those that a person gives.

use std::sync::Arc;

use super::Signature;
use super::certificate::Certificate;
use super::key::{BadKey, PrivateKey, PublicKey};
use super::pem::{self, Section};
use crate::problem::Problem;

/// A private key and the certificate of its public key.
pub(super) struct Identity {
    pub(super) key: PrivateKey,
    pub(super) certificate: Certificate,
}

/// The key pairs that a person has given. A signature without one is made with
/// a test key that everybody has.
#[derive(Clone, Default)]
pub(crate) struct IdentityKeys([Option<Arc<Identity>>; Signature::ALL.len()]);

impl IdentityKeys {
    /// Reads up to three pairs of `PRIVATE KEY` and `CERTIFICATE`, in any
    /// order. A pair is for the signature that its algorithm and size say.
    pub(crate) fn read(text: &str) -> Result<Self, Problem> {
        let sections = pem::sections(text)?;
        let (mut keys, mut certificates) = (Vec::new(), Vec::new());
        for section in &sections {
            match section.label {
                KEY => keys.push((section, read_key(section)?)),
                CERTIFICATE => certificates.push((section, read_certificate(section)?)),
                label => return Err(section.problem(&foreign(label))),
            }
        }
        if keys.is_empty() {
            return Err(Problem::new("", NO_KEY));
        }
        let mut pairs = Self::default();
        for (section, key) in keys {
            let public_key = key.public_key();
            let found = certificates
                .iter()
                .position(|(_, certificate)| certificate.public_key == public_key)
                .ok_or_else(|| section.problem(LONE_KEY))?;
            let (_, certificate) = certificates.remove(found);
            let signature = made_with(&public_key);
            let place = &mut pairs.0[signature as usize];
            if place.is_some() {
                return Err(section.problem(&second(signature)));
            }
            *place = Some(Arc::new(Identity { key, certificate }));
        }
        match certificates.first() {
            Some((section, _)) => Err(section.problem(LONE_CERTIFICATE)),
            None => Ok(pairs),
        }
    }

    /// The pair that a signature is made with. A built-in one is read when it
    /// is asked for: most instances never sign.
    pub(super) fn get(&self, signature: Signature) -> Arc<Identity> {
        self.0[signature as usize]
            .clone()
            .unwrap_or_else(|| Arc::new(built_in(signature)))
    }

    /// The certificate that verifies a signature, in PEM.
    pub(crate) fn certificate(&self, signature: Signature) -> String {
        let certificate = match &self.0[signature as usize] {
            Some(identity) => identity.certificate.der.clone(),
            None => built_in_section(signature, CERTIFICATE),
        };
        pem::write(CERTIFICATE, &certificate)
    }
}

fn read_key(section: &Section<'_>) -> Result<PrivateKey, Problem> {
    PrivateKey::read(&section.der()?).map_err(|bad| {
        section.problem(match bad {
            BadKey::Foreign => "this key is neither RSA nor DSA; give one that is",
            BadKey::Size => "this key has a size that is not known here; give 512 to 8192 bits",
            BadKey::Broken => "the numbers in this key do not make a key; export it again",
        })
    })
}

fn read_certificate(section: &Section<'_>) -> Result<Certificate, Problem> {
    Certificate::read(section.der()?).ok_or_else(|| {
        section.problem("this is no X.509 certificate of an RSA or DSA key; give one that is")
    })
}

/// What a key signs: a real instance has 1024 bits for `signature` and 2048
/// for `rsa2048` (reference 9.6).
fn made_with(key: &PublicKey) -> Signature {
    match key {
        PublicKey::Dsa(_) => Signature::Pkcs7,
        PublicKey::Rsa(_) if key.bits() < 2048 => Signature::Bare,
        PublicKey::Rsa(_) => Signature::Rsa2048,
    }
}

fn built_in(signature: Signature) -> Identity {
    let section = |label| built_in_section(signature, label);
    Identity {
        key: PrivateKey::read(&section(KEY)).expect("a test key is a key"),
        certificate: Certificate::read(section(CERTIFICATE)).expect("a certificate is one"),
    }
}

fn built_in_section(signature: Signature, label: &str) -> Vec<u8> {
    let text = match signature {
        Signature::Bare => include_str!("test-keys/rsa.pem"),
        Signature::Pkcs7 => include_str!("test-keys/dsa.pem"),
        Signature::Rsa2048 => include_str!("test-keys/rsa2048.pem"),
    };
    let sections = pem::sections(text).unwrap_or_default();
    let section = sections.iter().find(|section| section.label == label);
    section
        .and_then(|section| section.der().ok())
        .expect("a test key is a PEM text with both sections")
}

fn foreign(label: &str) -> String {
    format!(
        "{label:?} is not taken; give PRIVATE KEY, as `openssl pkcs8 -topk8 -nocrypt` writes it, \
         and CERTIFICATE"
    )
}

fn second(signature: Signature) -> String {
    let leaf = signature.leaf();
    format!(
        "this is the second key for {leaf}; give one RSA key below 2048 bits, one of 2048 or more, one DSA key"
    )
}

const KEY: &str = "PRIVATE KEY";
const CERTIFICATE: &str = "CERTIFICATE";
const NO_KEY: &str = "there is no PRIVATE KEY in it; give PEM sections, a PRIVATE KEY and its \
                      CERTIFICATE, up to three times";
const LONE_KEY: &str = "no CERTIFICATE here matches this private key; add the one that was \
                        issued for it";
const LONE_CERTIFICATE: &str = "no PRIVATE KEY here matches this certificate; add its key, or \
                                leave it out";

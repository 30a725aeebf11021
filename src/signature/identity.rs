//! Signing identities, built-in or supplied by the user.

use std::sync::Arc;

use super::Signature;
use super::certificate::Certificate;
use super::key::{BadKey, PrivateKey};
use super::pem::{self, Section};
use super::public_key::PublicKey;
use crate::problem::Problem;

/// A private key and its certificate.
pub(super) struct Identity {
    pub(super) key: PrivateKey,
    pub(super) certificate: Certificate,
}

/// The user's signing identities. Signatures without one use a public built-in
/// test key.
#[derive(Clone, Default)]
pub(crate) struct IdentityKeys([Option<Arc<Identity>>; Signature::ALL.len()]);

impl IdentityKeys {
    /// Parses up to three pairs of `PRIVATE KEY` and `CERTIFICATE`, in any order.
    /// The algorithm and size of a pair determine the signature it makes.
    pub(crate) fn read(text: &str) -> Result<Self, Problem> {
        let sections = pem::sections(text)?;
        let (mut keys, mut certificates) = (Vec::new(), Vec::new());
        for section in &sections {
            match section.label {
                KEY => keys.push((section, read_key(section)?)),
                CERTIFICATE => certificates.push((section, read_certificate(section)?)),
                label => return Err(section.problem(&wrong_algorithm_message(label))),
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
            let signature = signature_of_key(&public_key);
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

    /// The identity for a signature. Built-in identities are parsed on demand, as
    /// most instances never sign.
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
            BadKey::WrongAlgorithm => "this key is neither RSA nor DSA; provide an RSA or DSA key",
            BadKey::Size => "unsupported key size; use 512 to 8192 bits",
            BadKey::Broken => "the numbers in this key do not make a key; export it again",
        })
    })
}

fn read_certificate(section: &Section<'_>) -> Result<Certificate, Problem> {
    Certificate::read(section.der()?).ok_or_else(|| {
        section.problem("not an X.509 certificate with an RSA or DSA key; provide one")
    })
}

/// The signature made by a key. As on real instances, `signature` uses 1024 bits
/// and `rsa2048` uses 2048 (reference 9.6).
fn signature_of_key(key: &PublicKey) -> Signature {
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
    let sections = pem::sections(built_in_text(signature)).unwrap_or_default();
    let section = sections.iter().find(|section| section.label == label);
    section
        .and_then(|section| section.der().ok())
        .expect("a test key is a PEM text with both sections")
}

fn built_in_text(signature: Signature) -> &'static str {
    match signature {
        Signature::Bare => include_str!("test-keys/rsa.pem"),
        Signature::Pkcs7 => include_str!("test-keys/dsa.pem"),
        Signature::Rsa2048 => include_str!("test-keys/rsa2048.pem"),
    }
}

fn wrong_algorithm_message(label: &str) -> String {
    format!(
        "{label:?} is not taken; give PRIVATE KEY, as `openssl pkcs8 -topk8 -nocrypt` writes it, \
         and CERTIFICATE"
    )
}

fn second(signature: Signature) -> String {
    let leaf = signature.leaf();
    format!(
        "this is the second key for {leaf}; give one RSA key below 2048 bits, one of 2048 or \
         more, and one DSA key"
    )
}

const KEY: &str = "PRIVATE KEY";
const CERTIFICATE: &str = "CERTIFICATE";
const NO_KEY: &str = "PRIVATE KEY is missing; give PEM sections, a PRIVATE KEY and its \
                      CERTIFICATE, up to three times";
const LONE_KEY: &str = "no CERTIFICATE matches this private key; add the one that was issued \
                        for it";
const LONE_CERTIFICATE: &str = "no PRIVATE KEY matches this certificate; add its key, or \
                                remove the certificate";

#[cfg(test)]
mod tests {
    use super::super::ber::{INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, element};
    use super::*;

    fn text(signature: Signature, label: &str) -> String {
        pem::write(label, &built_in_section(signature, label))
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let problem = IdentityKeys::read(text).err().unwrap();
        assert_eq!(problem.to_string(), expected);
    }

    #[test]
    fn algorithm_and_size_determine_the_signature_of_a_pair() {
        for one in Signature::ALL {
            let pairs = IdentityKeys::read(built_in_text(one)).unwrap();
            let given = Signature::ALL.map(|other| pairs.0[other as usize].is_some());
            assert_eq!(given, Signature::ALL.map(|other| other == one));
            assert_eq!(pairs.certificate(one), text(one, CERTIFICATE));
        }
    }

    #[test]
    fn sections_are_accepted_in_any_order() {
        let certificates: String = Signature::ALL.map(|one| text(one, CERTIFICATE)).concat();
        let keys: String = Signature::ALL.map(|one| text(one, KEY)).concat();
        let pairs = IdentityKeys::read(&(certificates + &keys)).unwrap();
        assert!(pairs.0.iter().all(Option::is_some));
    }

    #[test]
    fn mismatched_keys_and_certificates_are_rejected() {
        let (key, certificate) = (
            text(Signature::Bare, KEY),
            text(Signature::Rsa2048, CERTIFICATE),
        );
        let lone = "no CERTIFICATE matches this private key; add the one that was issued \
                    for it";
        check(&key, &format!("line 1: {lone}"));
        check(
            &format!("\n{certificate}{key}"),
            &format!("line 22: {lone}"),
        );
        check(
            &(built_in_text(Signature::Bare).to_owned() + &certificate),
            "line 33: no PRIVATE KEY matches this certificate; add its key, or remove the certificate",
        );
        check(&certificate, NO_KEY);
        check("", NO_KEY);
    }

    #[test]
    fn two_keys_for_one_signature_are_rejected() {
        check(
            &built_in_text(Signature::Pkcs7).repeat(2),
            "line 32: this is the second key for pkcs7; give one RSA key below 2048 bits, one of \
             2048 or more, and one DSA key",
        );
    }

    #[test]
    fn invalid_keys_and_certificates_are_rejected() {
        check(
            &pem::write("RSA PRIVATE KEY", b"x"),
            "line 1: \"RSA PRIVATE KEY\" is not taken; give PRIVATE KEY, as `openssl pkcs8 -topk8 \
             -nocrypt` writes it, and CERTIFICATE",
        );
        let elliptic = element(
            SEQUENCE,
            &[
                &[INTEGER, 1, 0],
                &element(SEQUENCE, &[&[OBJECT_IDENTIFIER, 1, 42]]),
                &[OCTET_STRING, 0],
            ],
        );
        check(
            &pem::write(KEY, &elliptic),
            "line 1: this key is neither RSA nor DSA; provide an RSA or DSA key",
        );
        check(
            &pem::write(CERTIFICATE, &elliptic),
            "line 1: not an X.509 certificate with an RSA or DSA key; provide one",
        );
    }

    #[test]
    fn damaged_keys_are_rejected_or_still_usable() {
        for signature in Signature::ALL {
            let sound = built_in_section(signature, KEY);
            let signed = PrivateKey::read(&sound).unwrap().sign(b"x");
            for place in (0..sound.len()).step_by(7) {
                let mut damaged = sound.clone();
                damaged[place] ^= 1;
                let text = pem::write(KEY, &damaged) + &text(signature, CERTIFICATE);
                if let Ok(pairs) = IdentityKeys::read(&text) {
                    let key = &pairs.get(signature).key;
                    assert_eq!(key.sign(b"x"), signed, "{signature:?}, byte {place}");
                }
            }
        }
    }
}

//! Private keys and signing.

use std::ops::RangeInclusive;

use crypto_bigint::BoxedUint;
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use dsa::{Components, SigningKey, VerifyingKey};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::ber::{self, INTEGER, OCTET_STRING, SEQUENCE};
use super::der::Reader;
use super::oid::{DSA, RSA};
use super::public_key::{PublicKey, bits};
use super::rsa::RsaKey;

/// A private key.
pub(super) enum PrivateKey {
    /// DSA over SHA-1.
    Dsa(Box<SigningKey>),
    /// RSA with PKCS#1 1.5 padding over SHA-256.
    Rsa(Box<RsaKey>),
}

/// An unusable key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BadKey {
    /// A key of another algorithm.
    WrongAlgorithm,
    /// A key of unsupported size.
    Size,
    /// Invalid PKCS#8 or inconsistent numbers.
    Broken,
}

impl PrivateKey {
    /// Parses a PKCS#8 (RFC 5208) RSA (RFC 8017) or DSA key.
    pub(super) fn read(pkcs8: &[u8]) -> Result<Self, BadKey> {
        let mut info = Reader::new(pkcs8).enter(SEQUENCE).ok_or(BadKey::Broken)?;
        info.expect(INTEGER).ok_or(BadKey::Broken)?;
        let mut algorithm = info.enter(SEQUENCE).ok_or(BadKey::Broken)?;
        let name = algorithm.next().ok_or(BadKey::Broken)?.whole;
        let key = info.enter(OCTET_STRING).ok_or(BadKey::Broken)?;
        match name {
            DSA => dsa(&mut algorithm, key),
            RSA => rsa(key),
            _ => Err(BadKey::WrongAlgorithm),
        }
    }

    /// The corresponding public key.
    pub(super) fn public_key(&self) -> PublicKey {
        let bytes = |number: &BoxedUint| number.to_be_bytes_trimmed_vartime().into_vec();
        match self {
            Self::Dsa(key) => {
                let public = key.verifying_key();
                let shared = public.components();
                let [p, q, g]: [&BoxedUint; 3] = [shared.p(), shared.q(), shared.g()];
                PublicKey::Dsa([p, q, g, public.y()].map(bytes))
            }
            Self::Rsa(key) => PublicKey::Rsa(key.public().map(bytes)),
        }
    }

    /// Signs a message deterministically: RSA without randomness, DSA with the
    /// nonce of RFC 6979, encoded in DER.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Dsa(key) => {
                let signature = key
                    .sign_prehashed_rfc6979::<Sha1>(&Sha1::digest(message))
                    .expect("neither half of a DSA signature is zero");
                let half = |number: &BoxedUint| ber::unsigned(&number.to_be_bytes());
                ber::element(SEQUENCE, &[&half(signature.r()), &half(signature.s())])
            }
            Self::Rsa(key) => key.sign(message),
        }
    }

    /// The digest of a message that this key signs.
    pub(super) fn digest(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Dsa(_) => Sha1::digest(message).to_vec(),
            Self::Rsa(_) => Sha256::digest(message).to_vec(),
        }
    }
}

/// Parses the domain parameters and the private number.
fn dsa(algorithm: &mut Reader<'_>, mut key: Reader<'_>) -> Result<PrivateKey, BadKey> {
    let mut shared = algorithm.enter(SEQUENCE).ok_or(BadKey::Broken)?;
    let mut next = || shared.unsigned().ok_or(BadKey::Broken);
    let (modulus, order, generator) = (next()?, next()?, next()?);
    let secret = key.unsigned().ok_or(BadKey::Broken)?;
    if !SIZES.contains(&bits(modulus)) || !ORDER_SIZES.contains(&bits(order)) {
        return Err(BadKey::Size);
    }
    let [modulus, order, generator] =
        [modulus, order, generator].map(BoxedUint::from_be_slice_vartime);
    let secret =
        BoxedUint::from_be_slice(secret, order.bits_precision()).map_err(|_| BadKey::Broken)?;
    Components::from_components_unchecked(modulus, order, generator)
        .and_then(|shared| with_public(shared, secret))
        .map(|key| PrivateKey::Dsa(Box::new(key)))
        .map_err(|_| BadKey::Broken)
}

/// Computes the public number, which PKCS#8 omits.
fn with_public(shared: Components, secret: BoxedUint) -> Result<SigningKey, dsa::signature::Error> {
    let modulus = BoxedMontyParams::new(shared.p().clone());
    let generator = BoxedMontyForm::new(shared.g().as_ref().clone(), &modulus);
    let public = VerifyingKey::from_components(shared, generator.pow(&secret).retrieve())?;
    SigningKey::from_components(public, secret)
}

/// Parses `RSAPrivateKey` (RFC 8017): a version and eight numbers.
fn rsa(mut key: Reader<'_>) -> Result<PrivateKey, BadKey> {
    let mut key = key.enter(SEQUENCE).ok_or(BadKey::Broken)?;
    key.expect(INTEGER).ok_or(BadKey::Broken)?;
    let mut numbers = [&[][..]; 8];
    for number in &mut numbers {
        *number = key.unsigned().ok_or(BadKey::Broken)?;
    }
    if !SIZES.contains(&bits(numbers[0])) {
        return Err(BadKey::Size);
    }
    let key = RsaKey::new(numbers).ok_or(BadKey::Broken)?;
    Ok(PrivateKey::Rsa(Box::new(key)))
}

/// Supported RSA key sizes in bits. PKCS#1 padding and SHA-256 take 62 bytes.
const SIZES: RangeInclusive<usize> = 512..=8192;
/// Supported sizes of `q` in bits: FIPS 186-4, from the length of SHA-1.
const ORDER_SIZES: RangeInclusive<usize> = 160..=256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::pem;

    fn hex(digits: &str) -> Vec<u8> {
        let digits: String = digits.split_whitespace().collect();
        (0..digits.len() / 2)
            .map(|index| u8::from_str_radix(&digits[index * 2..][..2], 16).unwrap())
            .collect()
    }

    /// The key of RFC 6979, A.2.1.
    fn rfc6979(x: &str) -> Vec<u8> {
        let number = |digits| ber::unsigned(&hex(digits));
        let shared = ber::element(
            SEQUENCE,
            &[
                &number(
                    "86F5CA03DCFEB225063FF830A0C769B9DD9D6153AD91D7CE27F787C43278B447
                     E6533B86B18BED6E8A48B784A14C252C5BE0DBF60B86D6385BD2F12FB763ED88
                     73ABFD3F5BA2E0A8C0A59082EAC056935E529DAF7C610467899C77ADEDFC846C
                     881870B7B19B2B58F9BE0521A17002E3BDD6B86685EE90B3D9A1B02B782B1779",
                ),
                &number("996F967F6C8E388D9E28D01E205FBA957A5698B1"),
                &number(
                    "07B0F92546150B62514BB771E2A0C0CE387F03BDA6C56B505209FF25FD3C133D
                     89BBCD97E904E09114D9A7DEFDEADFC9078EA544D2E401AEECC40BB9FBBF78FD
                     87995A10A1C27CB7789B594BA7EFB5C4326A9FE59A070E136DB77175464ADCA4
                     17BE5DCE2F40D10A46A3A3943F26AB7FD9C0398FF8C76EE0A56826A8A88F1DBD",
                ),
            ],
        );
        let algorithm = ber::element(SEQUENCE, &[DSA, &shared]);
        let key = ber::element(OCTET_STRING, &[&number(x)]);
        ber::element(SEQUENCE, &[&number("00"), &algorithm, &key])
    }

    #[test]
    fn dsa_signatures_match_rfc_6979() {
        let key = PrivateKey::read(&rfc6979("411602CB19A6CCC34494D79D98EF1E7ED5AF25F7")).unwrap();
        let signature = key.sign(b"sample");
        let mut halves = Reader::new(&signature).enter(SEQUENCE).unwrap();
        assert_eq!(
            halves.unsigned().unwrap(),
            hex("2E1A0C2562B2912CAAF89186FB0F42001585DA55")
        );
        assert_eq!(
            halves.unsigned().unwrap(),
            hex("29EFB6B0AFF2D7A68EB70CA313022253B9A88DF5")
        );
        assert_eq!(key.public_key().bits(), 1024);
    }

    #[test]
    fn inconsistent_rsa_keys_are_rejected() {
        let text = include_str!("test-keys/rsa.pem");
        let sections = pem::sections(text).unwrap();
        let key = sections[0].der().unwrap();
        assert!(PrivateKey::read(&key).is_ok());
        // Flips one bit in the last number and in others.
        for index in [key.len() - 1, key.len() / 2, key.len() * 3 / 4] {
            let mut other = key.clone();
            other[index] ^= 2;
            assert_eq!(PrivateKey::read(&other).err(), Some(BadKey::Broken));
        }
    }

    #[test]
    fn inconsistent_dsa_keys_are_rejected() {
        let larger_than_the_order = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";
        for x in [larger_than_the_order, "00"] {
            let key = PrivateKey::read(&rfc6979(x));
            assert_eq!(key.err(), Some(BadKey::Broken), "{x}");
        }
        assert_eq!(PrivateKey::read(b"").err(), Some(BadKey::Broken));
    }
}

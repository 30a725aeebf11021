//! `pkcs7` and `rsa2048`: CMS signed data (RFC 5652) with the document included,
//! in the same form as real ones (reference 9.6).
//!
//! BER with indefinite lengths, no certificates, the signer identified by issuer
//! and serial number, and four signed attributes.

use super::Identity;
use super::ber::{
    GENERALIZED_TIME, INTEGER, NULL, OCTET_STRING, SEQUENCE, SET, UTC_TIME, context, element,
    indefinite, set_of,
};
use super::key::PrivateKey;
use super::oid;
use crate::time::UnixMillis;

/// Encodes `ContentInfo` with `SignedData`.
pub(super) fn signed_data(identity: &Identity, document: &[u8], time: UnixMillis) -> Vec<u8> {
    let algorithms = Algorithms::of(&identity.key);
    let digest = element(SEQUENCE, &[&algorithms.digest]);
    let signer = signer_info(identity, &algorithms, document, time);
    let content = element(OCTET_STRING, &[document]);
    let content = indefinite(context(0), &[&indefinite(OCTET_STRING, &[&content])]);
    let data = indefinite(
        SEQUENCE,
        &[
            VERSION_1,
            &element(SET, &[&digest]),
            &indefinite(SEQUENCE, &[oid::DATA, &content]),
            &element(SET, &[&signer]),
        ],
    );
    let data = indefinite(context(0), &[&data]);
    indefinite(SEQUENCE, &[oid::SIGNED_DATA, &data])
}

/// Encodes `SignerInfo`.
fn signer_info(
    identity: &Identity,
    Algorithms { digest, signature }: &Algorithms,
    document: &[u8],
    time: UnixMillis,
) -> Vec<u8> {
    let attribute = |name: &[u8], value: &[u8]| element(SEQUENCE, &[name, &element(SET, &[value])]);
    let sum = element(OCTET_STRING, &[&identity.key.digest(document)]);
    let digest = element(SEQUENCE, &[digest]);
    // Binds the algorithms to the signature (RFC 6211).
    let protection = element(SEQUENCE, &[&digest, &element(context(1), &[signature])]);
    let attributes = vec![
        attribute(oid::CONTENT_TYPE, oid::DATA),
        attribute(oid::SIGNING_TIME, &signing_time(time)),
        attribute(oid::MESSAGE_DIGEST, &sum),
        attribute(oid::ALGORITHM_PROTECTION, &protection),
    ];
    // The signature covers the attributes tagged as a set; they are sent as [0].
    let signed = set_of(SET, attributes.clone());
    element(
        SEQUENCE,
        &[
            VERSION_1,
            &identity.certificate.signer,
            &digest,
            &set_of(context(0), attributes),
            &element(SEQUENCE, &[signature]),
            &element(OCTET_STRING, &[&identity.key.sign(&signed)]),
        ],
    )
}

/// The contents of the two algorithm identifiers.
struct Algorithms {
    digest: Vec<u8>,
    signature: Vec<u8>,
}

impl Algorithms {
    fn of(key: &PrivateKey) -> Self {
        match key {
            PrivateKey::Dsa(_) => Self {
                digest: [oid::SHA_1, NULL].concat(),
                signature: oid::DSA_WITH_SHA_1.to_vec(),
            },
            PrivateKey::Rsa(_) => Self {
                digest: oid::SHA_256.to_vec(),
                signature: [oid::RSA, NULL].concat(),
            },
        }
    }
}

/// Encodes a time as `UTCTime` from 1950 to 2049, else as `GeneralizedTime`
/// (RFC 5652, section 11.3).
fn signing_time(time: UnixMillis) -> Vec<u8> {
    let mut digits = time.iso();
    digits.retain(|c| c.is_ascii_digit() || c == 'Z');
    if ("1950".."2050").contains(&&digits[..4]) {
        element(UTC_TIME, &[&digits.as_bytes()[2..]])
    } else {
        element(GENERALIZED_TIME, &[digits.as_bytes()])
    }
}

const VERSION_1: &[u8] = &[INTEGER, 1, 1];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(time: &str, tag: u8, expected: &str) {
        let signing_time = signing_time(time.parse().unwrap());
        assert_eq!(signing_time, element(tag, &[expected.as_bytes()]));
    }

    #[test]
    fn years_have_two_digits_while_unambiguous() {
        check("1950-01-01T00:00:00Z", UTC_TIME, "500101000000Z");
        check("2026-09-26T14:32:42Z", UTC_TIME, "260926143242Z");
        check("2049-12-31T23:59:59Z", UTC_TIME, "491231235959Z");
        check("2050-01-01T00:00:00Z", GENERALIZED_TIME, "20500101000000Z");
        check("1949-12-31T23:59:59Z", GENERALIZED_TIME, "19491231235959Z");
    }
}

//! `pkcs7` and `rsa2048`: a document and its signature in one (RFC 5652), in
//! the form that the real ones have (reference 9.6).
//!
//! BER with indefinite lengths, no certificates, the signer named by issuer
//! and serial number, four signed attributes.

use super::Identity;
use super::ber::{
    GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, UTC_TIME, context,
    element, indefinite, set_of,
};
use super::key::PrivateKey;
use crate::time::UnixMillis;

/// `ContentInfo` with `SignedData` in it.
pub(super) fn signed_data(identity: &Identity, document: &[u8], time: UnixMillis) -> Vec<u8> {
    let Algorithms { digest, signature } = Algorithms::of(&identity.key);
    let content = element(OCTET_STRING, &[document]);
    let content = indefinite(context(0), &[&indefinite(OCTET_STRING, &[&content])]);
    let data = indefinite(
        SEQUENCE,
        &[
            VERSION_1,
            &element(SET, &[&element(SEQUENCE, &[digest])]),
            &indefinite(SEQUENCE, &[DATA, &content]),
            &element(
                SET,
                &[&signer_info(identity, document, time, digest, signature)],
            ),
        ],
    );
    indefinite(SEQUENCE, &[SIGNED_DATA, &indefinite(context(0), &[&data])])
}

/// `SignerInfo`.
fn signer_info(
    identity: &Identity,
    document: &[u8],
    time: UnixMillis,
    digest: &[u8],
    signature: &[u8],
) -> Vec<u8> {
    let attribute = |name: &[u8], value: &[u8]| element(SEQUENCE, &[name, &element(SET, &[value])]);
    let sum = element(OCTET_STRING, &[&identity.key.digest(document)]);
    // Ties the algorithms to the signature (RFC 6211).
    let protection = element(
        SEQUENCE,
        &[
            &element(SEQUENCE, &[digest]),
            &element(context(1), &[signature]),
        ],
    );
    let attributes = vec![
        attribute(CONTENT_TYPE, DATA),
        attribute(SIGNING_TIME, &moment(time)),
        attribute(MESSAGE_DIGEST, &sum),
        attribute(ALGORITHM_PROTECTION, &protection),
    ];
    // What is signed is tagged as a set, what is sent is tagged [0].
    let signed = set_of(SET, attributes.clone());
    element(
        SEQUENCE,
        &[
            VERSION_1,
            &identity.certificate.signer,
            &element(SEQUENCE, &[digest]),
            &set_of(context(0), attributes),
            &element(SEQUENCE, &[signature]),
            &element(OCTET_STRING, &[&identity.key.sign(&signed)]),
        ],
    )
}

/// The contents of the two algorithm identifiers.
struct Algorithms {
    digest: &'static [u8],
    signature: &'static [u8],
}

impl Algorithms {
    fn of(key: &PrivateKey) -> Self {
        match key {
            PrivateKey::Dsa(_) => Self {
                digest: SHA_1,
                signature: DSA_WITH_SHA_1,
            },
            PrivateKey::Rsa(_) => Self {
                digest: SHA_256,
                signature: RSA,
            },
        }
    }
}

/// `UTCTime` with two digits of the year from 1950 to 2049, else
/// `GeneralizedTime` (RFC 5652, section 11.3).
fn moment(time: UnixMillis) -> Vec<u8> {
    let mut digits = time.iso();
    digits.retain(|c| c.is_ascii_digit() || c == 'Z');
    if ("1950".."2050").contains(&&digits[..4]) {
        element(UTC_TIME, &[&digits.as_bytes()[2..]])
    } else {
        element(GENERALIZED_TIME, &[digits.as_bytes()])
    }
}

const VERSION_1: &[u8] = &[INTEGER, 1, 1];
const NULL: u8 = 0x05;

/// `1.2.840.113549.1.7.1`
const DATA: &[u8] = &pkcs(7, 1);
const SIGNED_DATA: &[u8] = &pkcs(7, 2);
const CONTENT_TYPE: &[u8] = &pkcs(9, 3);
const MESSAGE_DIGEST: &[u8] = &pkcs(9, 4);
const SIGNING_TIME: &[u8] = &pkcs(9, 5);
const ALGORITHM_PROTECTION: &[u8] = &pkcs(9, 52);

/// `1.3.14.3.2.26`, without parameters as NULL.
#[rustfmt::skip]
const SHA_1: &[u8] = &[OBJECT_IDENTIFIER, 5, 0x2b, 0x0e, 3, 2, 0x1a, NULL, 0];
/// `2.16.840.1.101.3.4.2.1`, without parameters as nothing: the length of the
/// real `rsa2048` leaves no room for NULL.
#[rustfmt::skip]
const SHA_256: &[u8] = &[OBJECT_IDENTIFIER, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
/// `1.2.840.10040.4.3`
#[rustfmt::skip]
const DSA_WITH_SHA_1: &[u8] = &[OBJECT_IDENTIFIER, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3];
/// `1.2.840.113549.1.1.1`
#[rustfmt::skip]
const RSA: &[u8] = &[OBJECT_IDENTIFIER, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, NULL, 0];

/// `1.2.840.113549.1.<arc>.<name>`
const fn pkcs(arc: u8, name: u8) -> [u8; 11] {
    #[rustfmt::skip]
    let oid = [OBJECT_IDENTIFIER, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, arc, name];
    oid
}

//! Encoded object identifiers, including tag and length.

use super::ber::OBJECT_IDENTIFIER;

// PKCS, `1.2.840.113549.1`, and its child arcs.
pub(super) const RSA: &[u8] = &pkcs(1, 1);
pub(super) const DATA: &[u8] = &pkcs(7, 1);
pub(super) const SIGNED_DATA: &[u8] = &pkcs(7, 2);
pub(super) const CONTENT_TYPE: &[u8] = &pkcs(9, 3);
pub(super) const MESSAGE_DIGEST: &[u8] = &pkcs(9, 4);
pub(super) const SIGNING_TIME: &[u8] = &pkcs(9, 5);
pub(super) const ALGORITHM_PROTECTION: &[u8] = &pkcs(9, 52);

/// `1.3.14.3.2.26`
pub(super) const SHA_1: &[u8] = &[OBJECT_IDENTIFIER, 5, 43, 14, 3, 2, 26];
/// `2.16.840.1.101.3.4.2.1`
pub(super) const SHA_256: &[u8] = &[OBJECT_IDENTIFIER, 9, 96, 134, 72, 1, 101, 3, 4, 2, 1];
/// `1.2.840.10040.4.1`
pub(super) const DSA: &[u8] = &[OBJECT_IDENTIFIER, 7, 42, 134, 72, 206, 56, 4, 1];
/// `1.2.840.10040.4.3`
pub(super) const DSA_WITH_SHA_1: &[u8] = &[OBJECT_IDENTIFIER, 7, 42, 134, 72, 206, 56, 4, 3];

const fn pkcs(arc: u8, name: u8) -> [u8; 11] {
    let [tag, length] = [OBJECT_IDENTIFIER, 9];
    [tag, length, 42, 134, 72, 134, 247, 13, 1, arc, name]
}

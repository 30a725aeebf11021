//! Identifiers generated deterministically from known facts.

use sha2::{Digest as _, Sha256};

use crate::hex;

/// Returns a hash of `parts`.
pub(crate) fn bytes(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Returns a long-format EC2 id: a prefix and 17 hexadecimal digits.
pub(super) fn id(prefix: &str, parts: &[&str]) -> String {
    let bytes = bytes(&[&[prefix], parts].concat());
    format!("{prefix}-0{}", hex::encode(&bytes[..8]))
}

/// Returns a unique id in IAM's format (`AIPA…`, `ASIA…`), `length` characters
/// long. As in AWS's ids, the first digits encode a set bit and the account ID
/// in 40 bits.
pub(crate) fn unique_id(prefix: &str, account: &str, parts: &[&str], length: usize) -> String {
    let mut bytes = bytes(&[&[prefix, account], parts].concat());
    let account: u64 = account.parse().unwrap_or(0);
    let filler = u64::from(bytes[5] & 0x7f);
    let head = (1 << 47) | ((account & 0xff_ffff_ffff) << 7) | filler;
    bytes[..6].copy_from_slice(&head.to_be_bytes()[2..]);
    let mut id = prefix.to_owned();
    id.extend(base32(&bytes).take(length - prefix.len()));
    id
}

/// RFC 4648 base32: five bits per digit, most significant bit first.
fn base32(bytes: &[u8]) -> impl Iterator<Item = char> {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bit = |index: usize| bytes[index / 8] >> (7 - index % 8) & 1;
    (0..bytes.len() * 8 / 5).map(move |digit| {
        let value = (digit * 5..digit * 5 + 5).fold(0, |value, index| value << 1 | bit(index));
        DIGITS[usize::from(value)].into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unique_id_encodes_the_account_as_aws_does() {
        let id = unique_id("ASIA", "123456789012", &["role"], 20);
        assert_eq!(id.len(), 20);
        let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let head = id[4..].chars().take(10).fold(0_u64, |head, digit| {
            head << 5 | digits.find(digit).unwrap() as u64
        }) >> 2;
        assert_eq!(head >> 7 & 0xff_ffff_ffff, 123_456_789_012);
        assert_eq!(head >> 47, 1);
    }

    #[test]
    fn a_unique_id_of_account_zero_starts_like_the_captured_one() {
        assert!(unique_id("AIPA", "000000000000", &["x"], 21).starts_with("AIPAQAAAAAAA"));
    }

    #[test]
    fn a_generated_id_has_the_format_of_ec2() {
        let id = id("eni", &["i-1", "0"]);
        assert_eq!(id.len(), "eni-088bd588ab00c5714".len());
        assert!(id.starts_with("eni-0"));
    }
}

//! Keyed hashing: everything secret-looking is derived, nothing is stored.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// HMAC-SHA-256 with a key in it.
pub(crate) type Keyed = Hmac<Sha256>;

/// An HMAC whose key follows from `secret` and `parts`, each part counting for
/// itself: `["ab", "c"]` and `["a", "bc"]` give different keys.
pub(crate) fn derive(secret: &[u8], parts: &[&str]) -> Keyed {
    let mut mac = with_key(secret);
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    with_key(&mac.finalize().into_bytes())
}

/// A stream of bytes that looks random and is the same for the same parts: a
/// seed by HMAC, and its blocks by hashing the seed with a counter.
pub(crate) fn expand(key: &Keyed, parts: &[&str], length: usize) -> Vec<u8> {
    let mut mac = key.clone();
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    let seed = mac.finalize().into_bytes();
    let mut bytes = Vec::with_capacity(length + seed.len());
    for counter in 0_u32.. {
        if bytes.len() >= length {
            break;
        }
        let block = Sha256::new_with_prefix(seed).chain_update(counter.to_be_bytes());
        bytes.extend_from_slice(&block.finalize());
    }
    bytes.truncate(length);
    bytes
}

fn with_key(key: &[u8]) -> Keyed {
    Keyed::new_from_slice(key).expect("HMAC accepts keys of every length")
}

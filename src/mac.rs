//! Keyed hashing: tokens and credentials are derived, not stored.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// HMAC-SHA-256 with its key.
pub(crate) type Keyed = Hmac<Sha256>;

/// Derives an HMAC key from `secret` and the separate `parts`: `["ab", "c"]` and
/// `["a", "bc"]` lead to different keys.
pub(crate) fn derive(secret: &[u8], parts: &[&str]) -> Keyed {
    let mut mac = with_key(secret);
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    with_key(&mac.finalize().into_bytes())
}

/// Derives pseudorandom bytes from the parts: an HMAC is the seed, and each block
/// is a hash of the seed and a counter.
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

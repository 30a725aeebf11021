//! Stateless session tokens: a token contains its expiration and a proof that
//! this instance issued it.
//!
//! A token has 40 bytes: the header of Nitro tokens, the expiration in
//! milliseconds since 1970, a nonce, the lifetime in seconds, and a truncated
//! HMAC of all these. In URL-safe base64 it has 56 characters, `AQAEA…==`
//! (reference 7.2).

use std::cell::Cell;
use std::fmt;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use hmac::Mac as _;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::mac::{self, Keyed};
use crate::time::UnixMillis;

/// The lifetime of a token, 0 to 21,600 seconds. Zero is accepted, but such a
/// token is never valid (reference 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ttl(u16);

impl Ttl {
    /// Parses the value of the request header: decimal digits, with optional
    /// spaces around them. Rejects a sign, a fraction, an empty value and more
    /// than six hours.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim_matches([' ', '\t']);
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = digits.parse().ok().filter(|_| is_number)?;
        (seconds <= MAX_TTL_SECONDS).then_some(Self(seconds))
    }

    /// The lifetime in seconds.
    pub fn seconds(self) -> u64 {
        self.0.into()
    }
}

/// Issues and verifies the tokens of one instance in one epoch.
#[derive(Clone)]
pub struct TokenAuthority {
    key: Keyed,
    /// The last valid token: clients reuse tokens, and hashing is the most
    /// expensive part of a request.
    last: Cell<Option<Genuine>>,
    /// The fingerprint of the last valid token; only the journal needs one.
    last_fingerprint: Cell<Option<Fingerprint>>,
}

/// A token that this authority issued.
#[derive(Clone, Copy)]
struct Genuine {
    text: [u8; TEXT_LEN],
    end: u64,
    /// The lifetime in seconds.
    life: u16,
}

impl TokenAuthority {
    /// Derives the key of an instance and an epoch, which changes at every reset.
    /// A token of another instance or epoch fails the same check as a forged one.
    pub fn new(secret: &[u8], instance_id: &str, epoch: &str) -> Self {
        Self {
            key: mac::derive(secret, &[KEY_LABEL, instance_id, epoch]),
            last: Cell::default(),
            last_fingerprint: Cell::default(),
        }
    }

    /// Issues a token that expires `ttl` from now.
    pub fn mint(&self, now: UnixMillis, ttl: Ttl, entropy: &[u8; 32]) -> String {
        let end = milliseconds(now).saturating_add(ttl.seconds() * 1000);
        let mut token = [0; TOKEN_LEN];
        token[..HEADER.len()].copy_from_slice(&HEADER);
        token[END].copy_from_slice(&end.to_be_bytes());
        token[NONCE].copy_from_slice(&entropy[..NONCE.end - NONCE.start]);
        token[LIFE].copy_from_slice(&ttl.0.to_be_bytes());
        let mut mac = self.key.clone();
        mac.update(&token[..TAG_START]);
        let tag = mac.finalize().into_bytes();
        token[TAG_START..].copy_from_slice(&tag[..TOKEN_LEN - TAG_START]);
        URL_SAFE.encode(token)
    }

    /// Returns the remaining seconds of a token, rounded up (reference 17.3);
    /// `None` if the token was not issued here, has expired, or was issued later
    /// than `now` because the clock was set back.
    pub fn remaining(&self, now: UnixMillis, token: &[u8]) -> Option<u64> {
        let Genuine { end, life, .. } = self.known(token)?;
        let left = end.checked_sub(milliseconds(now))?;
        let whole = u64::from(life) * 1000;
        (1..=whole).contains(&left).then(|| left.div_ceil(1000))
    }

    /// Returns the fingerprint of a token and, if it was issued here, its age in
    /// whole seconds, expired or not.
    pub(crate) fn trace(&self, now: UnixMillis, token: &[u8]) -> (Fingerprint, Option<u64>) {
        let Some(genuine) = self.known(token) else {
            return (fingerprint(token), None);
        };
        let made = genuine.end.saturating_sub(u64::from(genuine.life) * 1000);
        let age = milliseconds(now).saturating_sub(made) / 1000;
        let fingerprint = self
            .last_fingerprint
            .get()
            .unwrap_or_else(|| fingerprint(token));
        self.last_fingerprint.set(Some(fingerprint));
        (fingerprint, Some(age))
    }

    fn known(&self, token: &[u8]) -> Option<Genuine> {
        let text: &[u8; TEXT_LEN] = token.try_into().ok()?;
        match self.last.get() {
            Some(last) if is_equal(&last.text, text) => Some(last),
            _ => self.check(text),
        }
    }

    /// Verifies a token.
    fn check(&self, text: &[u8; TEXT_LEN]) -> Option<Genuine> {
        let token = decode(text)?;
        let mut mac = self.key.clone();
        mac.update(&token[..TAG_START]);
        // Compares in constant time.
        mac.verify_truncated_left(&token[TAG_START..]).ok()?;
        let genuine = Genuine {
            text: *text,
            end: u64::from_be_bytes(token[END].try_into().ok()?),
            life: u16::from_be_bytes(token[LIFE].try_into().ok()?),
        };
        self.last.set(Some(genuine));
        self.last_fingerprint.set(None);
        Some(genuine)
    }
}

/// Omits the key, to keep it out of logs.
impl fmt::Debug for TokenAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAuthority").finish_non_exhaustive()
    }
}

/// Identifies a token in the journal: the first bytes of its SHA-256, from which
/// the token cannot be recovered.
pub type Fingerprint = [u8; 4];

fn fingerprint(token: &[u8]) -> Fingerprint {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(token).into();
    [a, b, c, d]
}

/// Compares two tokens in constant time, eight bytes at a time.
fn is_equal(a: &[u8; TEXT_LEN], b: &[u8; TEXT_LEN]) -> bool {
    const { assert!(TEXT_LEN.is_multiple_of(8)) };
    let words = a.as_chunks().0.iter().zip(b.as_chunks().0);
    let difference = words.fold(0, |difference, (a, b)| {
        difference | (u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b))
    });
    difference.ct_eq(&0).into()
}

fn decode(token: &[u8; TEXT_LEN]) -> Option<[u8; TOKEN_LEN]> {
    let bytes: [u8; TOKEN_LEN] = URL_SAFE.decode(token).ok()?.try_into().ok()?;
    bytes.starts_with(&HEADER).then_some(bytes)
}

/// Converts a time; times before 1970 become 1970.
fn milliseconds(time: UnixMillis) -> u64 {
    u64::try_from(time.0).unwrap_or(0)
}

const MAX_TTL_SECONDS: u16 = 21_600;
const KEY_LABEL: &str = "imdsim session token";

/// The first bytes of Nitro tokens, `AQAEA` in base64.
const HEADER: [u8; 4] = [0x01, 0x00, 0x04, 0x00];
const END: Range<usize> = HEADER.len()..HEADER.len() + 8;
const NONCE: Range<usize> = END.end..END.end + 10;
const LIFE: Range<usize> = NONCE.end..NONCE.end + 2;
const TAG_START: usize = LIFE.end;
const TOKEN_LEN: usize = TAG_START + 16;
/// The length in base64 with padding.
const TEXT_LEN: usize = TOKEN_LEN.div_ceil(3) * 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn authority() -> TokenAuthority {
        TokenAuthority::new(b"secret", "i-1", "0")
    }

    fn at(milliseconds: i64) -> UnixMillis {
        UnixMillis(1_800_000_000_000 + milliseconds)
    }

    fn mint(ttl: &str) -> String {
        authority().mint(at(0), Ttl::parse(ttl).unwrap(), &[7; 32])
    }

    #[test]
    fn a_token_has_the_shape_of_a_real_one() {
        let token = mint("300");
        assert_eq!(token.len(), 56);
        assert!(
            token.starts_with("AQAEA") && token.ends_with("=="),
            "{token}"
        );
    }

    #[test]
    fn tokens_expire_with_their_last_second() {
        let token = mint("300");
        let left = |ms| authority().remaining(at(ms), token.as_bytes());
        assert_eq!(left(0), Some(300));
        assert_eq!(left(1), Some(300));
        assert_eq!(left(1000), Some(299));
        assert_eq!(left(299_999), Some(1));
        assert_eq!(left(300_000), None);
        assert_eq!(left(i64::from(u32::MAX)), None);
    }

    #[test]
    fn tokens_are_invalid_before_their_issue() {
        let token = mint("60");
        let left = |ms| authority().remaining(at(ms), token.as_bytes());
        assert_eq!(left(-1), None);
        assert_eq!(left(-100 * 24 * 3_600_000), None);
        assert_eq!(left(0), Some(60));
    }

    #[test]
    fn cached_tokens_are_verified_like_others() {
        let (authority, token) = (authority(), mint("300"));
        let left = |token: &str, ms| authority.remaining(at(ms), token.as_bytes());
        assert_eq!(left(&token, 0), Some(300));
        assert_eq!(left(&token, 2000), Some(298));
        assert_eq!(left(&token.replace("==", "=A"), 2000), None);
        assert_eq!(left(&token, 300_000), None);
        assert_eq!(left(&token, 0), Some(300));
    }

    #[test]
    fn tokens_with_zero_lifetime_are_never_valid() {
        assert_eq!(authority().remaining(at(0), mint("0").as_bytes()), None);
    }

    #[test]
    fn tokens_are_bound_to_epoch_instance_and_secret() {
        let token = mint("300");
        for other in [
            TokenAuthority::new(b"secret", "i-1", "1"),
            TokenAuthority::new(b"secret", "i-2", "0"),
            TokenAuthority::new(b"other", "i-1", "0"),
        ] {
            assert_eq!(other.remaining(at(0), token.as_bytes()), None);
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let bytes = URL_SAFE.decode(mint("300")).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut forged = bytes.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            let forged = URL_SAFE.encode(forged);
            assert_eq!(
                authority().remaining(at(0), forged.as_bytes()),
                None,
                "bit {bit}"
            );
        }
    }

    #[test]
    fn a_time_to_live_is_a_whole_number_up_to_six_hours() {
        let seconds = |text| Ttl::parse(text).map(Ttl::seconds);
        assert_eq!(seconds("0"), Some(0));
        assert_eq!(seconds(" 60\t"), Some(60));
        assert_eq!(seconds("0060"), Some(60));
        assert_eq!(seconds("21600"), Some(21_600));
        for refused in [
            "",
            " ",
            "21601",
            "-1",
            "+5",
            "1.5",
            "1 2",
            "invalid",
            "99999999999999999999",
            "٣",
        ] {
            assert_eq!(seconds(refused), None, "{refused:?}");
        }
    }
}

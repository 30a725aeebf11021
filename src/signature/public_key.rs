//! Public keys, for matching certificates to private keys.

use super::ber::{BIT_STRING, SEQUENCE};
use super::der::Reader;
use super::oid::{DSA, RSA};

/// The numbers of a public key, big-endian without leading zeros: modulus and
/// exponent for RSA; `p`, `q`, `g` and `y` for DSA.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PublicKey {
    Dsa([Vec<u8>; 4]),
    Rsa([Vec<u8>; 2]),
}

impl PublicKey {
    /// Parses the content of `SubjectPublicKeyInfo` (RFC 5280).
    pub(super) fn read(info: &mut Reader<'_>) -> Option<Self> {
        let mut algorithm = info.enter(SEQUENCE)?;
        let name = algorithm.next()?.whole;
        // The first byte is the number of unused bits: none.
        let key = info.expect(BIT_STRING)?.split_first()?.1;
        let mut key = Reader::new(key);
        let next = |reader: &mut Reader<'_>| reader.unsigned().map(<[u8]>::to_vec);
        match name {
            DSA => {
                let mut shared = algorithm.enter(SEQUENCE)?;
                let [p, q, g] = [(); 3].map(|()| next(&mut shared));
                Some(Self::Dsa([p?, q?, g?, next(&mut key)?]))
            }
            RSA => {
                let mut key = key.enter(SEQUENCE)?;
                Some(Self::Rsa([next(&mut key)?, next(&mut key)?]))
            }
            _ => None,
        }
    }

    /// The key size in bits.
    pub(super) fn bits(&self) -> usize {
        let (Self::Dsa([number, ..]) | Self::Rsa([number, _])) = self;
        bits(number)
    }
}

/// The length in bits of a big-endian number.
pub(super) fn bits(number: &[u8]) -> usize {
    let unused = number.first().map_or(0, |byte| byte.leading_zeros());
    number.len() * 8 - usize::try_from(unused).unwrap_or_default()
}

//! RSA signatures with PKCS#1 1.5 padding (RFC 8017) over SHA-256.
//!
//! `crypto-bigint` does the arithmetic. The `rsa` crate would add 40 KB to every
//! component for keys, paddings and primes that the emulator never uses.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, ConcatenatingMul as _, NonZero, Resize as _};
use sha2::{Digest as _, Sha256};

use super::ber::{self, NULL, OCTET_STRING, SEQUENCE};
use super::oid::SHA_256;

/// A private key with consistent numbers.
pub(super) struct RsaKey {
    modulus: BoxedUint,
    exponent: BoxedUint,
    p: Prime,
    q: Prime,
    /// The inverse of `q` modulo `p`.
    inverse: BoxedMontyForm,
}

/// A prime `p` and the private exponent modulo `p - 1`.
struct Prime {
    number: NonZero<BoxedUint>,
    params: BoxedMontyParams,
    exponent: BoxedUint,
}

impl RsaKey {
    /// Creates a key from PKCS#1's big-endian numbers: `n`, `e`, `d`, `p`, `q`, `d`
    /// modulo `p - 1` and `q - 1`, and the inverse of `q`.
    pub(super) fn new(numbers: [&[u8]; 8]) -> Option<Self> {
        let [n, e, _, p, q, dp, dq, inverse] = numbers.map(BoxedUint::from_be_slice_vartime);
        let (p, q) = (Prime::new(p, dp, &e)?, Prime::new(q, dq, &e)?);
        let fits = equal(&p.number.as_ref().concatenating_mul(q.number.as_ref()), &n)
            && equal(
                &inverse.concatenating_mul(q.number.as_ref()).rem(&p.number),
                &BoxedUint::one(),
            );
        fits.then(|| Self {
            inverse: p.form(&inverse),
            modulus: n,
            exponent: e,
            p,
            q,
        })
    }

    /// The modulus and the public exponent.
    pub(super) fn public(&self) -> [&BoxedUint; 2] {
        [&self.modulus, &self.exponent]
    }

    /// Signs a message; the signature is as long as the modulus.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let len = self.modulus.bits().div_ceil(8) as usize;
        let padded = BoxedUint::from_be_slice_vartime(&pad(message, len));
        let (by_p, by_q) = (self.p.power(&padded), self.q.power(&padded));
        // Garner's formula combines the two remainders.
        let by_q = by_q.retrieve();
        let times = by_p.sub(&self.p.form(&by_q)).mul(&self.inverse);
        let product = self.q.number.as_ref().concatenating_mul(times.retrieve());
        let bits = product.bits_precision();
        let signature = product.wrapping_add(by_q.resize(bits)).to_be_bytes();
        signature[signature.len() - len..].to_vec()
    }
}

impl Prime {
    fn new(number: BoxedUint, exponent: BoxedUint, public: &BoxedUint) -> Option<Self> {
        let params = BoxedMontyParams::new(number.to_odd().into_option()?);
        let one = BoxedUint::one();
        let less = number.wrapping_sub(&one).into_nz().into_option()?;
        let undoes = equal(&exponent.concatenating_mul(public).rem(&less), &one);
        let number = number.into_nz().into_option()?;
        undoes.then_some(Self {
            number,
            params,
            exponent,
        })
    }

    /// Reduces a number modulo this prime, in Montgomery form.
    fn form(&self, number: &BoxedUint) -> BoxedMontyForm {
        BoxedMontyForm::new(number.rem(&self.number), &self.params)
    }

    fn power(&self, base: &BoxedUint) -> BoxedMontyForm {
        self.form(base).pow(&self.exponent)
    }
}

/// Whether two numbers of any width are equal.
fn equal(one: &BoxedUint, other: &BoxedUint) -> bool {
    one.to_be_bytes_trimmed_vartime() == other.to_be_bytes_trimmed_vartime()
}

/// Applies `EMSA-PKCS1-v1_5`.
fn pad(message: &[u8], len: usize) -> Vec<u8> {
    let algorithm = ber::element(SEQUENCE, &[SHA_256, NULL]);
    let digest = ber::element(OCTET_STRING, &[&Sha256::digest(message)]);
    let digest = ber::element(SEQUENCE, &[&algorithm, &digest]);
    let mut padded = vec![0xff; len];
    padded[0] = 0;
    padded[1] = 1;
    padded[len - digest.len() - 1] = 0;
    padded[len - digest.len()..].copy_from_slice(&digest);
    padded
}

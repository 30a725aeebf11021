//! The fields of a certificate that a signature contains (RFC 5280).

use super::ber::{self, INTEGER, SEQUENCE};
use super::der::Reader;
use super::public_key::PublicKey;

/// A certificate.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    /// All of it, in DER.
    pub(super) der: Vec<u8>,
    /// `IssuerAndSerialNumber` (RFC 5652): how a signature names its signer.
    pub(super) signer: Vec<u8>,
    pub(super) public_key: PublicKey,
}

impl Certificate {
    /// Reads a certificate of an RSA or a DSA key.
    pub(super) fn read(der: Vec<u8>) -> Option<Self> {
        let mut fields = Reader::new(&der).enter(SEQUENCE)?.enter(SEQUENCE)?;
        let mut field = fields.next()?;
        if field.tag == VERSION {
            field = fields.next()?;
        }
        let serial = field;
        let _signature_algorithm = fields.next()?;
        let issuer = fields.next()?;
        let _validity = fields.next()?;
        let _subject = fields.next()?;
        let public_key = PublicKey::read(&mut fields.enter(SEQUENCE)?)?;
        if (serial.tag, issuer.tag) != (INTEGER, SEQUENCE) {
            return None;
        }
        let signer = ber::element(SEQUENCE, &[issuer.whole, serial.whole]);
        Some(Self {
            der,
            signer,
            public_key,
        })
    }
}

/// Version 1 is not written.
const VERSION: u8 = ber::context(0);

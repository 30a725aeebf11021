//! The certificate fields used by signatures (RFC 5280).

use super::ber::{self, INTEGER, SEQUENCE};
use super::der::Reader;
use super::public_key::PublicKey;

/// A parsed certificate.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    /// The whole certificate in DER.
    pub(super) der: Vec<u8>,
    /// `IssuerAndSerialNumber` (RFC 5652), which identifies the signer.
    pub(super) signer: Vec<u8>,
    pub(super) public_key: PublicKey,
}

impl Certificate {
    /// Parses a certificate of an RSA or DSA key.
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

/// The optional version field, absent in version 1.
const VERSION: u8 = ber::context(0);

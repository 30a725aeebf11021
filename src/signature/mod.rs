//! Signatures of the identity document (reference 9.6).
//!
//! Signatures are made on demand and cached: in the cached instance, and in the
//! host's store under a key derived from all inputs.

mod ber;
mod certificate;
mod cms;
mod der;
mod identity;
mod key;
mod oid;
mod pem;
mod public_key;
mod rsa;

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::fmt;

use hmac::Mac as _;

use crate::documents::identity_document;
use crate::hex;
use crate::instance::{Instance, OverrideLookup, derive};
use crate::mac;
use identity::Identity;
pub(crate) use identity::IdentityKeys;

/// A signature, named by its leaf in `dynamic/instance-identity/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signature {
    /// `signature`: RSA over SHA-256, detached and without attributes.
    Bare,
    /// `pkcs7`: DSA over SHA-1, with the document.
    Pkcs7,
    /// `rsa2048`: RSA over SHA-256, with the document.
    Rsa2048,
}

impl Signature {
    /// All signatures.
    pub(crate) const ALL: [Self; 3] = [Self::Bare, Self::Pkcs7, Self::Rsa2048];

    /// The leaf's name.
    pub(crate) const fn leaf(self) -> &'static str {
        match self {
            Self::Bare => "signature",
            Self::Pkcs7 => "pkcs7",
            Self::Rsa2048 => "rsa2048",
        }
    }

    /// The name of the certificate in the control API.
    pub(crate) const fn certificate(self) -> &'static str {
        match self {
            Self::Bare => "rsa.pem",
            Self::Pkcs7 => "dsa.pem",
            Self::Rsa2048 => "rsa2048.pem",
        }
    }

    /// The signature at a normalized path, in any version.
    pub(crate) fn at(path: &str) -> Option<Self> {
        let leaf = path.split_once('/')?.1.strip_prefix(FOLDER)?;
        Self::ALL.into_iter().find(|one| one.leaf() == leaf)
    }
}

/// The signatures of one instance's document, made on demand.
pub(crate) struct Signatures {
    keys: IdentityKeys,
    secret: Vec<u8>,
    texts: [OnceCell<String>; Signature::ALL.len()],
    /// A new signature that the host has not stored yet.
    new: Cell<Option<Signature>>,
}

impl Signatures {
    /// Creates an empty cache.
    pub(crate) fn new(keys: &IdentityKeys, secret: &[u8]) -> Self {
        Self {
            keys: keys.clone(),
            secret: secret.to_vec(),
            texts: Default::default(),
            new: Cell::default(),
        }
    }

    /// Returns a signature as shown by its leaf.
    pub(crate) fn text(&self, signature: Signature, instance: &Instance) -> &str {
        self.texts[signature as usize].get_or_init(|| {
            self.new.set(Some(signature));
            make(signature, &self.keys.get(signature), instance)
        })
    }

    /// Loads a signature from the host's store, unless it is known.
    pub(crate) fn load(
        &self,
        signature: Signature,
        instance: &Instance,
        read: impl FnOnce(&str) -> Option<Vec<u8>>,
    ) {
        let place = &self.texts[signature as usize];
        if place.get().is_some() {
            return;
        }
        let key = self.key(signature, instance);
        if let Some(text) = read(&key).and_then(|value| self.open(&key, &value)) {
            // The cell was empty when checked above.
            let _ = place.set(text);
        }
    }

    /// Takes the new signature for the host to store, as key and value.
    pub(crate) fn take_new(&self, instance: &Instance) -> Option<(String, Vec<u8>)> {
        let signature = self.new.take()?;
        let key = self.key(signature, instance);
        let text = self.text(signature, instance);
        let value = [&self.tag(&key, text)[..], text.as_bytes()].concat();
        Some((key, value))
    }

    /// The store key, derived from all inputs of a signature.
    fn key(&self, signature: Signature, instance: &Instance) -> String {
        let certificate = self.keys.certificate(signature);
        let document = document(instance);
        let time = instance.pending_time.iso();
        let parts = [FORMAT, signature.leaf(), &certificate, &document, &time];
        let sum = derive::bytes(&parts);
        format!("{KEY_PREFIX}{}", hex::encode(&sum))
    }

    /// Returns the text of a stored value if its tag is authentic.
    fn open(&self, key: &str, value: &[u8]) -> Option<String> {
        let (tag, text) = value.split_at_checked(TAG_LEN)?;
        let text = std::str::from_utf8(text).ok()?;
        (self.tag(key, text) == tag).then(|| text.to_owned())
    }

    /// Authenticates stored values, which others could have written.
    fn tag(&self, key: &str, text: &str) -> [u8; TAG_LEN] {
        let mac = mac::derive(&self.secret, &[TAG_LABEL, key]).chain_update(text);
        mac.finalize().into_bytes().into()
    }
}

/// Omits keys, which must not appear in logs.
impl fmt::Debug for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signatures").finish_non_exhaustive()
    }
}

/// The signed text: the identity document as served.
fn document(instance: &Instance) -> Cow<'_, str> {
    match instance.overrides.lookup(DOCUMENT) {
        OverrideLookup::Text(text) => text.into(),
        OverrideLookup::Unchanged | OverrideLookup::Gone => identity_document(instance).into(),
    }
}

fn make(signature: Signature, identity: &Identity, instance: &Instance) -> String {
    let document = document(instance);
    let document = document.as_bytes();
    let bytes = match signature {
        Signature::Bare => identity.key.sign(document),
        Signature::Pkcs7 | Signature::Rsa2048 => {
            let time = instance.pending_time.plus_seconds(SIGNED_AFTER);
            cms::signed_data(identity, document, time)
        }
    };
    pem::lines(&bytes, WIDTH)
}

const FOLDER: &str = "dynamic/instance-identity/";
const DOCUMENT: &str = "dynamic/instance-identity/document";
const KEY_PREFIX: &str = "imdsim/signature/";
/// Must change whenever the same inputs would produce another signature.
const FORMAT: &str = "1";
const TAG_LABEL: &str = "imdsim signatures";
const TAG_LEN: usize = 32;
/// Base64 digits per line.
const WIDTH: usize = 76;
/// Seconds from pending to signed; captures show 5 and 7.
const SIGNED_AFTER: i64 = 5;

//! Signatures of the identity document (reference 9.6).
//!
//! Each is made when it is first asked for and then kept: in the memory of the
//! instance, and by the host, which gets it under a key that names all that it
//! follows from.

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

/// One of the three, by the leaf of `dynamic/instance-identity/` that shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signature {
    /// `signature`: RSA and SHA-256, and nothing else.
    Bare,
    /// `pkcs7`: DSA and SHA-1, with the document.
    Pkcs7,
    /// `rsa2048`: RSA and SHA-256, with the document.
    Rsa2048,
}

impl Signature {
    /// All three.
    pub(crate) const ALL: [Self; 3] = [Self::Bare, Self::Pkcs7, Self::Rsa2048];

    /// The name of its leaf.
    pub(crate) const fn leaf(self) -> &'static str {
        match self {
            Self::Bare => "signature",
            Self::Pkcs7 => "pkcs7",
            Self::Rsa2048 => "rsa2048",
        }
    }

    /// The name of its certificate in the control API.
    pub(crate) const fn certificate(self) -> &'static str {
        match self {
            Self::Bare => "rsa.pem",
            Self::Pkcs7 => "dsa.pem",
            Self::Rsa2048 => "rsa2048.pem",
        }
    }

    /// The signature that a normalised path names, in any version.
    pub(crate) fn at(path: &str) -> Option<Self> {
        let leaf = path.split_once('/')?.1.strip_prefix(FOLDER)?;
        Self::ALL.into_iter().find(|one| one.leaf() == leaf)
    }
}

/// The signatures of one instance's document.
pub(crate) struct Signatures {
    keys: IdentityKeys,
    secret: Vec<u8>,
    texts: [OnceCell<String>; Signature::ALL.len()],
    /// The one that was made and not yet given to the host.
    new: Cell<Option<Signature>>,
}

impl Signatures {
    /// None is made yet.
    pub(crate) fn new(keys: &IdentityKeys, secret: &[u8]) -> Self {
        Self {
            keys: keys.clone(),
            secret: secret.to_vec(),
            texts: Default::default(),
            new: Cell::default(),
        }
    }

    /// A signature as its leaf shows it.
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
            // It was empty a moment ago.
            let _ = place.set(text);
        }
    }

    /// What the host is to keep since it was last asked: a key and a value.
    pub(crate) fn take_new(&self, instance: &Instance) -> Option<(String, Vec<u8>)> {
        let signature = self.new.take()?;
        let key = self.key(signature, instance);
        let text = self.text(signature, instance);
        let value = [&self.tag(&key, text)[..], text.as_bytes()].concat();
        Some((key, value))
    }

    /// Names everything that a signature follows from.
    fn key(&self, signature: Signature, instance: &Instance) -> String {
        let certificate = self.keys.certificate(signature);
        let document = document(instance);
        let time = instance.pending_time.iso();
        let parts = [FORMAT, signature.leaf(), &certificate, &document, &time];
        let sum = derive::bytes(&parts);
        format!("{KEY_PREFIX}{}", hex::encode(&sum))
    }

    /// The text in a value that was kept, if it was kept here.
    fn open(&self, key: &str, value: &[u8]) -> Option<String> {
        let (tag, text) = value.split_at_checked(TAG_LEN)?;
        let text = std::str::from_utf8(text).ok()?;
        (self.tag(key, text) == tag).then(|| text.to_owned())
    }

    /// Tells what this emulator had its host keep from what others put there.
    fn tag(&self, key: &str, text: &str) -> [u8; TAG_LEN] {
        let mac = mac::derive(&self.secret, &[TAG_LABEL, key]).chain_update(text);
        mac.finalize().into_bytes().into()
    }
}

/// The keys stay out of logs.
impl fmt::Debug for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signatures").finish_non_exhaustive()
    }
}

/// What is signed: the document as it is served.
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
/// To be changed with anything that changes what is made of the same facts.
const FORMAT: &str = "1";
const TAG_LABEL: &str = "imdsim signatures";
const TAG_LEN: usize = 32;
/// Digits of base64 on a line.
const WIDTH: usize = 76;
/// Seconds from pending to signed; 5 and 7 were seen.
const SIGNED_AFTER: i64 = 5;

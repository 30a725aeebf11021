//! The service's JSON documents, byte for byte.

mod credentials;
mod events;
mod iam;
mod identity;
mod layout;

pub use credentials::{CredentialIssuer, Credentials, ImdsVersion, Rotation};
pub(crate) use events::{maintenance, rebalance, spot_instance_action};
pub(crate) use iam::{
    credentials_document, extended_document, failure, info as iam_info, instance_info,
};
pub(crate) use identity::document as identity_document;
pub(crate) use layout::one_line;

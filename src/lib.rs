//! imdsim: the Amazon EC2 Instance Metadata Service, emulated.
//!
//! This crate is the emulator itself and touches nothing but its arguments:
//! no clock, no random numbers, no store, no environment. A host reads the
//! request, the time, random bytes and the state document, calls
//! [`Emulator::answer`], stores the changes in the [`Outcome`], and sends the
//! response.
//!
//! ```
//! use imdsim::{Connection, Emulator, RequestContext, UnixMillis};
//!
//! let settings = [("IMDSIM_INSTANCE".into(), r#"{"InstanceType": "m7i.large"}"#.into())];
//! let mut emulator = Emulator::from_env(settings);
//! let request = http::Request::get("/latest/meta-data/instance-type").body(Vec::new())?;
//! let context = RequestContext {
//!     now: UnixMillis(1_767_225_600_000),
//!     entropy: [7; 32],
//!     connection: Connection::Unknown,
//! };
//! let mut store = std::collections::BTreeMap::new();
//! let outcome = emulator.answer(None, context, &request, &mut store);
//! assert_eq!(outcome.response.body[..], b"m7i.large"[..]);
//! # Ok::<(), http::Error>(())
//! ```
//!
//! "Reference 9.6" in these pages is a section of `docs/reference.md`, the
//! project's description of the real service. ARCHITECTURE.md is the map of the
//! code.

mod apply_settings;
mod clock;
mod config;
pub mod constants;
mod control;
pub mod description;
mod documents;
mod emulator;
pub mod header_fields;
mod hex;
mod host_header;
pub mod instance;
mod journal;
mod json_limits;
pub mod limits;
mod mac;
mod merge;
mod metadata;
mod nearest;
mod outcome;
mod page_cache;
mod path;
mod path_pattern;
pub mod pieces;
mod problem;
mod request;
mod request_context;
mod resolved_instance;
mod response;
mod service;
mod settings;
mod signature;
mod simulation;
mod small_sort;
mod state;
mod store;
mod stored_page;
mod time;
mod token;
mod tree;
mod variables;
mod versions;

pub use clock::Clock;
pub use config::Config;
pub use control::control_calls;
pub use description::HttpTokens;
pub use documents::{CredentialIssuer, Credentials, ImdsVersion, Rotation};
pub use emulator::Emulator;
pub use instance::MetadataOptions;
pub use journal::{Entry, RecordedRequest};
pub use nearest::nearest;
pub use outcome::{Delivery, Outcome, Swap};
pub use path::normalize;
pub use path_pattern::path_matches;
pub use problem::Problem;
pub use request::imds_version;
pub use request_context::{Connection, RequestContext};
pub use resolved_instance::ResolvedInstance;
pub use response::MetadataResponse;
pub use settings::{DOCUMENT_KEY, KEYS, Settings, key_of};
pub use state::{STATE_VERSION, State, body_key, reference};
pub use store::{COUNTERS_KEY, JOURNAL_PREFIX, STATE_KEY, Store, is_ephemeral};
pub use time::UnixMillis;
pub use token::{Fingerprint, TokenAuthority, Ttl};
pub use tree::{Branch, Content, CredentialHealth, Node, View, crawl, find};
pub use versions::{LATEST, VERSIONS, Version};

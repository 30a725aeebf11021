//! imdsim: the Amazon EC2 Instance Metadata Service, emulated.
//!
//! This crate is the emulator itself and touches nothing but its arguments:
//! no clock, no random numbers, no store, no environment. A host reads the
//! request, the time, some random bytes and the stored state, calls
//! [`Emulator::answer`], stores what comes back and sends the response.
//!
//! ```
//! use imdsim::{Ambient, Connection, Emulator, UnixMillis};
//!
//! let settings = [("IMDSIM_INSTANCE".into(), r#"{"InstanceType": "m7i.large"}"#.into())];
//! let mut emulator = Emulator::from_env(settings);
//! let request = http::Request::get("/latest/meta-data/instance-type").body(Vec::new())?;
//! let ambient = Ambient {
//!     now: UnixMillis(1_767_225_600_000),
//!     entropy: [7; 32],
//!     connection: Connection::Unknown,
//! };
//! let outcome = emulator.answer(None, ambient, &request);
//! assert_eq!(outcome.response.body[..], b"m7i.large"[..]);
//! # Ok::<(), http::Error>(())
//! ```
//!
//! "Reference 9.6" in these pages is a section of `docs/reference.md`, the
//! project's account of the real service. ARCHITECTURE.md is the map of the
//! code.

mod clock;
mod config;
mod control;
pub mod description;
mod documents;
mod emulator;
pub mod fields;
mod hex;
mod host;
mod host_header;
pub mod instance;
mod journal;
mod json_limits;
pub mod limits;
mod mac;
mod merge;
mod metadata;
mod nearest;
mod options;
mod overlay;
mod pages;
mod path;
mod path_pattern;
mod problem;
mod reply;
mod request;
mod service;
mod settings;
mod signature;
mod simulation;
mod sorted;
mod state;
mod time;
mod token;
mod tree;
mod versions;
pub mod wire;

pub use clock::Clock;
pub use config::Config;
pub use control::control_calls;
pub use documents::{Credentials, Imds, Rotation, Vault};
pub use emulator::{Emulator, World, answer};
pub use host::{
    Ambient, Connection, Ending, Outcome, STATE_KEY, Store, Swap, TALLY_KEY, is_passing,
};
pub use journal::{Course, Entry, JOURNAL_PREFIX};
pub use nearest::nearest;
pub use options::{HttpTokens, MetadataOptions};
pub use path::normalize;
pub use path_pattern::path_matches;
pub use problem::Problem;
pub use reply::Reply;
pub use request::imds_version;
pub use settings::{KEYS, Settings, key_of};
pub use state::{STATE_VERSION, State};
pub use time::UnixMillis;
pub use token::{Authority, Ttl};
pub use tree::{Branch, Content, Health, Node, View, crawl, find};
pub use versions::{LATEST, VERSIONS, Version};

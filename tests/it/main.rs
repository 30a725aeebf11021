//! The emulator in process: no host, no socket, no clock.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(
    clippy::disallowed_methods,
    reason = "tests read files; the core does not"
)]

#[path = "../support/as_native.rs"]
mod as_native;
/// What the captures of the real service say, byte counts included.
mod captures;
/// CIDR blocks, for what must lie within what.
mod cidr;
mod client;
/// Whatever is asked and however an instance is described, answers agree.
mod coherence;
/// What the control API takes, refuses and stores.
mod control;
/// The instances that tests know by name.
mod corpus;
/// What is accepted never keeps the emulator from answering.
mod crash_recovery;
/// Everything that one API version answers, found from listing to listing.
mod crawl;
/// Crawls of all instances, as golden files.
mod crawls;
/// Credentials that are not made up.
mod credentials;
/// Made-up descriptions of instances.
mod described;
/// Pages of the documentation hang together.
mod documentation;
/// What happens to an instance, as stories.
mod events;
/// Which answers state the same fact.
mod facts;
/// What goes wrong when it is told to.
mod faults;
/// The transcripts of `tests/golden`, replayed.
mod golden;
/// Imports between modules go one way.
mod imports;
/// What was asked, as it is told afterwards.
mod journal;
/// What is above a limit is refused, and what is at it is answered.
mod limits;
/// Documents with one thing changed.
mod mutated;
/// The control API is as its OpenAPI document says.
mod openapi;
/// Whatever comes in, nothing breaks.
mod properties;
/// The JSON Schema and the reader agree.
mod schema;
/// Session tokens and the options around them, as stories.
mod sessions;
/// Signatures of the identity document: their form, and that each is made once.
mod signatures;
/// Instances and documents out of the ordinary.
mod special_cases;
#[path = "../support/transcript.rs"]
mod transcript;
#[path = "../support/worst_inputs.rs"]
mod worst_inputs;

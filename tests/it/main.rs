//! The emulator in process: no host, no socket, no clock.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]
#![allow(
    clippy::disallowed_methods,
    reason = "tests read files; the core does not"
)]

#[path = "../support/as_native.rs"]
mod as_native;
/// Comparison with captures of the real service, byte counts included.
mod captures;
/// CIDR blocks, for checks of containment.
mod cidr;
mod client;
/// Responses of an instance never contradict each other.
mod coherence;
/// Round trips and validation in the control API.
mod control;
/// Named instances for tests.
mod corpus;
/// The emulator still answers after any accepted control call.
mod crash_recovery;
/// A crawl of all paths of one API version.
mod crawl;
/// Crawls of all instances, as golden files.
mod crawls;
/// Credentials from the settings.
mod credentials;
/// Generated descriptions of instances.
mod described;
/// Links, citations and code blocks of the documentation.
mod documentation;
/// Events, in realistic scenarios.
mod events;
/// Consistency of responses that state the same fact.
mod facts;
/// Fault injection.
mod faults;
/// Replay of the transcripts in `tests/golden`.
mod golden;
/// Checks that modules do not import each other in a circle.
mod imports;
/// The journal of requests.
mod journal;
/// Input above a limit is rejected, and input at a limit is accepted.
mod limits;
/// Documents with one mutation.
mod mutated;
/// Conformance of the control API to its OpenAPI document.
mod openapi;
/// Robustness against arbitrary requests and stored data.
mod properties;
/// The headers that hosts pass to the emulator.
mod request_headers;
/// Consistency of the JSON Schema and the reader.
mod schema;
/// Session tokens and metadata options.
mod sessions;
/// Form and caching of the identity document's signatures.
mod signatures;
/// Unusual instances and documents.
mod special_cases;
/// Pages stored for new component instances.
mod stored_pages;
#[path = "../support/transcript.rs"]
mod transcript;
#[path = "../support/worst_inputs.rs"]
mod worst_inputs;

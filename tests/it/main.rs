//! The emulator in process: no host, no socket, no clock.

/// What the captures of the real service say, byte counts included.
mod captures;
/// The transcripts of `tests/golden`, replayed.
mod golden;
/// Whatever comes in, nothing breaks.
mod properties;
/// Session tokens and the options around them, as stories.
mod sessions;
#[path = "../support/transcript.rs"]
mod transcript;
mod world;

//! Black-box tests of the native program: started from the command line,
//! connected to by raw sockets, stopped by signals.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that fails says what it met"
)]

/// Compatibility with the AWS mock.
mod aemm;
/// `imdsim capture` and `imdsim diff`.
mod capture;
#[path = "../support/client_requests.rs"]
mod client_requests;
/// Concurrent clients, and a program that is killed while they write.
mod concurrency;
/// The end of connections, and the exact bytes of response heads.
mod connections;
/// Input documents in various formats.
mod documents;
/// Access to the control API and to real credentials.
mod exposure;
/// The transcripts of `tests/golden`, replayed.
mod golden;
/// Requests that are too large or malformed.
mod limits;
#[path = "../support/load.rs"]
mod load;
/// The request log.
mod log;
/// Support: the program under test.
mod program;
/// Requests in the absolute form.
mod proxied;
/// Invalid flags, values and files; a port in use; help.
mod refusals;
/// Commands that control a running program.
mod remote;
/// `imdsim run`: the command's environment, signals, status and assertions.
mod running;
/// Tokens and resets across a restart.
mod sessions;
/// `--state`: created, persistent, locked, and unchanged when invalid.
mod state_file;
/// Stopping by signals.
mod stopping;
#[path = "../support/transcript.rs"]
mod transcript;
/// `imdsim tree` and `imdsim schema`.
mod tree;
/// `--watch-config-file`: changes that are reloaded or rejected.
mod watching;

//! The native program, from outside: started as people start it, spoken to
//! over raw sockets, stopped with signals.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that fails says what it met"
)]

/// As with the mock that AWS publishes.
mod aemm;
/// `imdsim capture` and `imdsim diff`.
mod capture;
#[path = "../support/client_requests.rs"]
mod client_requests;
/// Many clients at once, and a program that is killed while they write.
mod concurrency;
/// When connections close, and the head of a response to the byte.
mod connections;
/// Documents as people have them.
mod documents;
/// Who may use the control API, and for whom there are real credentials.
mod exposure;
/// The transcripts of `tests/golden`, replayed.
mod golden;
/// Too large, too much, not HTTP.
mod limits;
#[path = "../support/load.rs"]
mod load;
/// The request log.
mod log;
/// Starting the program, and refusals to start.
mod program;
/// The proxy form of requests.
mod proxied;
/// Bad flags, values and files; a port in use; help.
mod refusals;
/// Telling things to a running program.
mod remote;
/// `imdsim run`: the command's surroundings, signals, status, and judgement.
mod running;
/// Tokens and resets over a restart.
mod sessions;
/// `--state`: made, kept, locked, and left alone when it cannot be used.
mod state_file;
/// Signals.
mod stopping;
#[path = "../support/transcript.rs"]
mod transcript;
/// `imdsim tree` and `imdsim schema`.
mod tree;
/// `--watch-config-file`: changes, reloaded or refused.
mod watching;

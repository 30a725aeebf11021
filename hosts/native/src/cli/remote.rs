//! What can be told to an emulator that runs.

use clap::{Args, Subcommand};

use crate::aemm;

/// Which emulator is told, and who tells it; the same for every command that
/// starts none.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "A running emulator")]
pub(crate) struct Emulator {
    #[arg(
        long,
        value_name = "URL",
        help = "Where it runs [default: http://127.0.0.1:4719]"
    )]
    pub(crate) url: Option<String>,
    /// Bearer token for the control API [default: none]
    #[arg(long, value_name = "TOKEN")]
    pub(crate) admin_token: Option<String>,
}

/// What an emulator is told. Most of these make sense only while one runs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make something happen, as the flags of the mock's command say.
    #[command(skip)]
    Make(Box<aemm::Flags>),
    /// Look at what happens, or cancel it.
    #[command(skip)]
    Events(EventsCall),
    /// Freeze the clock of a running emulator
    Freeze {
        /// At which time [default: the one it shows]
        #[arg(value_name = "RFC3339")]
        time: Option<String>,
    },
    /// Move the clock of a running emulator ahead or back, from the time it
    /// shows, whether it runs or is frozen
    Shift {
        /// How far, as in +6h1s or -30m
        #[arg(
            value_name = "DURATION",
            allow_hyphen_values = true,
            required_unless_present = "offset"
        )]
        by: Option<String>,
        /// Let it run this far from real time instead
        #[arg(
            long,
            value_name = "DURATION",
            allow_hyphen_values = true,
            conflicts_with = "by"
        )]
        offset: Option<String>,
    },
    /// Let the clock of a running emulator show real time again
    Release,
    /// Show what a running emulator was asked
    Requests(Requests),
    /// Let things go wrong in a running emulator
    #[command(args_conflicts_with_subcommands = true)]
    Fault(Fault),
    /// Take a running emulator back to its start, which voids every token
    Reset,
}

/// What can be done with events but making one.
#[derive(Debug, Subcommand)]
pub(crate) enum EventsCall {
    /// Cancel events of a running emulator
    Cancel {
        /// Which [default: all]
        #[arg(value_name = "ID")]
        ids: Vec<String>,
    },
    /// Show the events of a running emulator
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

/// A fault to begin with, or what else can be done with faults.
#[derive(Args, Debug)]
pub(crate) struct Fault {
    /// A fault by its name in the list
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(subcommand)]
    pub(crate) call: Option<FaultCall>,
}

/// What can be done with faults.
#[derive(Debug, Subcommand)]
pub(crate) enum FaultCall {
    /// Let nothing go wrong any more
    Clear {
        /// Which of the faults [default: all]
        #[arg(value_name = "ID")]
        ids: Vec<String>,
    },
    /// Show what goes wrong, and what could
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

/// Which requests are shown, and how.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Requests")]
pub(crate) struct Requests {
    /// Those for paths of this pattern, as in /latest/meta-data/iam/**
    #[arg(long, value_name = "PATTERN")]
    pub(crate) path: Option<String>,
    /// Those with this method
    #[arg(long, value_name = "METHOD")]
    pub(crate) method: Option<String>,
    /// Those without a session token (1), or with one (2)
    #[arg(long, value_name = "1|2", allow_negative_numbers = true)]
    pub(crate) version: Option<String>,
    /// Those answered with this status
    #[arg(long, value_name = "STATUS", allow_negative_numbers = true)]
    pub(crate) status: Option<String>,
    /// Those from this time on
    #[arg(long, value_name = "RFC3339")]
    pub(crate) since: Option<String>,
    /// Print how many there are
    #[arg(long)]
    pub(crate) count: bool,
    /// Forget all requests
    #[arg(long, conflicts_with_all = ["count", "json", "path", "method", "version", "status", "since"])]
    pub(crate) clear: bool,
    /// Print one JSON document
    #[arg(long, conflicts_with = "count")]
    pub(crate) json: bool,
}

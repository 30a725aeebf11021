//! Flags of the commands that control a running emulator.

use clap::{Args, Subcommand};

use crate::aemm;
use imdsim::constants::DEFAULT_ADDRESS;

/// The emulator to control.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "A running emulator")]
pub(crate) struct Emulator {
    #[arg(
        long,
        value_name = "URL",
        help = format!("Where it runs [default: http://{DEFAULT_ADDRESS}]")
    )]
    pub(crate) url: Option<String>,
    /// Bearer token for the control API [default: none]
    #[arg(long, value_name = "TOKEN")]
    pub(crate) admin_token: Option<String>,
}

/// A command for a running emulator.
#[derive(Debug, Subcommand)]
pub(crate) enum ControlCommand {
    /// Adds the events that the flags of the mock's command describe.
    #[command(skip)]
    AddEvents(Box<aemm::Flags>),
    /// Lists or cancels events.
    #[command(skip)]
    Events(EventsCommand),
    /// Freeze the clock of a running emulator
    Freeze {
        /// The emulated time to freeze at [default: the current emulated time]
        #[arg(value_name = "RFC3339")]
        time: Option<String>,
    },
    /// Shift the clock of a running emulator forward or back, relative to the
    /// current emulated time, whether it runs or is frozen
    Shift {
        /// The duration, for example +6h1s or -30m
        #[arg(
            value_name = "DURATION",
            allow_hyphen_values = true,
            required_unless_present = "offset"
        )]
        by: Option<String>,
        /// Set the offset from real time instead
        #[arg(
            long,
            value_name = "DURATION",
            allow_hyphen_values = true,
            conflicts_with = "by"
        )]
        offset: Option<String>,
    },
    /// Release the clock of a running emulator: it shows real time again
    Release,
    /// Show the requests that a running emulator received
    Requests(RequestsFlags),
    /// Inject faults into a running emulator
    #[command(args_conflicts_with_subcommands = true)]
    Fault(FaultFlags),
    /// Reset a running emulator to its initial state, which invalidates every token
    Reset,
}

/// The subcommands of `events`.
#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Cancel events of a running emulator
    Cancel {
        /// The ids of the events [default: all]
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

/// A preset fault to inject, or a subcommand of `fault`.
#[derive(Args, Debug)]
pub(crate) struct FaultFlags {
    /// The name of a preset fault; `imdsim fault list` shows them
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(subcommand)]
    pub(crate) call: Option<FaultCommand>,
}

/// The subcommands of `fault`.
#[derive(Debug, Subcommand)]
pub(crate) enum FaultCommand {
    /// Remove faults
    Clear {
        /// The ids of the faults [default: all]
        #[arg(value_name = "ID")]
        ids: Vec<String>,
    },
    /// Show the active faults and the available presets
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

/// Filters and output of `requests`.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Requests")]
pub(crate) struct RequestsFlags {
    /// Only requests whose path matches this pattern, for example /latest/meta-data/iam/**
    #[arg(long, value_name = "PATTERN")]
    pub(crate) path: Option<String>,
    /// Only requests with this method
    #[arg(long, value_name = "METHOD")]
    pub(crate) method: Option<String>,
    /// Only IMDSv1 requests (1), or only IMDSv2 requests (2)
    #[arg(long, value_name = "1|2", allow_negative_numbers = true)]
    pub(crate) version: Option<String>,
    /// Only requests answered with this status
    #[arg(long, value_name = "STATUS", allow_negative_numbers = true)]
    pub(crate) status: Option<String>,
    /// Only requests at or after this time
    #[arg(long, value_name = "RFC3339")]
    pub(crate) since: Option<String>,
    /// Print the number of requests
    #[arg(long)]
    pub(crate) count: bool,
    /// Delete all journal entries
    #[arg(long, conflicts_with_all = ["count", "json", "path", "method", "version", "status", "since"])]
    pub(crate) clear: bool,
    /// Print one JSON document
    #[arg(long, conflicts_with = "count")]
    pub(crate) json: bool,
}

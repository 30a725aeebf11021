//! The command line: `imdsim [command] [flags]`.
//!
//! Commands start an emulator, as `serve` and those of the mock that AWS
//! publishes do, or tell something to one that runs: all do with `--url`, and
//! some only do that. A command takes the flags that it uses and no others.
//!
//! Values that only the core can judge are taken as text, so that a bad value
//! draws the same sentence from a flag, a file and the environment.

mod argument_order;
mod clap_error;
mod help;
mod line;
mod remote;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, FromArgMatches as _, ValueEnum};
use clap_complete::Shell;

use line::Line;
pub(crate) use remote::{Emulator, EventsCall, Fault, FaultCall, Requests, Verb};

use crate::aemm;
use crate::capture::{Capture, Diff};
use crate::error::Failure;
use crate::run::Run;

/// What the person asked for.
#[derive(Debug)]
pub(crate) enum Command {
    /// Answer requests.
    Serve(Settings, Serve),
    /// Run a command that finds the emulator.
    Run(Settings, Run),
    /// Print what a service says, as an instance that says the same.
    Capture(Capture),
    /// Print how two captures differ.
    Diff(Diff),
    /// Print everything that would be served.
    Tree(Settings, Tree),
    /// Print the JSON Schema of instances.
    Schema,
    /// Print a script that completes command lines.
    Completion(Shell),
    /// Tell something to an emulator that runs.
    Tell(Emulator, Verb),
}

/// Which instance is emulated.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Emulated instance")]
#[group(skip)]
pub(crate) struct InstanceFlags {
    /// The instance, `-` for standard input: what `aws ec2 describe-instances` prints, or one instance of it [default: a built-in one]
    #[arg(long, value_name = "FILE")]
    pub(crate) instance: Option<PathBuf>,
    /// Settings as one JSON document
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// User data, at most 16,384 bytes [default: none]
    #[arg(long, value_name = "FILE")]
    pub(crate) user_data: Option<PathBuf>,
    /// Credentials that AWS accepts, as `aws sts assume-role` prints them [default: made up]
    #[arg(long, value_name = "FILE")]
    pub(crate) credentials: Option<PathBuf>,
    /// Overrides: a JSON object from path to text; null removes a path [default: none]
    #[arg(long, value_name = "FILE")]
    pub(crate) overrides: Option<PathBuf>,
    /// Timeline: a JSON list of scheduled events [default: none]
    #[arg(long, value_name = "FILE")]
    pub(crate) timeline: Option<PathBuf>,
    /// Private keys and certificates that sign the identity document, in PEM [default: test keys]
    #[arg(long, value_name = "FILE")]
    pub(crate) identity_keys: Option<PathBuf>,
    /// Whether instance tags are in the metadata [default: as described, else disabled]
    #[arg(long, value_name = "enabled|disabled")]
    pub(crate) instance_metadata_tags: Option<String>,
    /// Secret that session tokens and generated credentials are derived from [default: a public built-in secret]
    #[arg(long, value_name = "TEXT")]
    pub(crate) secret: Option<String>,
    /// Freeze the emulated clock at this time, for reproducible answers [default: the clock runs]
    #[arg(long, value_name = "RFC3339")]
    pub(crate) frozen_time: Option<String>,
}

/// The emulated instance, and how its metadata service answers.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Metadata service")]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) instance: InstanceFlags,
    /// Whether requests require a session token (IMDSv2) [default: as described, else optional]
    #[arg(long, value_name = "optional|required")]
    pub(crate) http_tokens: Option<String>,
    /// Whether the metadata service is enabled [default: as described, else enabled]
    #[arg(long, value_name = "enabled|disabled")]
    pub(crate) http_endpoint: Option<String>,
    /// Hop limit of token responses, 1 to 64 [default: as described, else 1]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) http_put_response_hop_limit: Option<String>,
    /// Bearer token for the control API [default: none]
    #[arg(long, value_name = "TOKEN")]
    pub(crate) admin_token: Option<String>,
    /// A host that is answered even with real credentials, also more than once [default: loopback, link-local and instance names only]
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,
    /// Fixed value in place of random bytes, for reproducible answers [default: random bytes]
    #[arg(long, value_name = "TEXT")]
    pub(crate) frozen_entropy: Option<String>,
    /// Whether to reject or allow token requests with X-Forwarded-For [default: reject]
    #[arg(long, value_name = "reject|ignore")]
    pub(crate) forwarded_for: Option<String>,
    /// Maximum number of requests in the journal [default: 1000]
    #[arg(long, value_name = "N|off", allow_negative_numbers = true)]
    pub(crate) journal: Option<String>,
    /// What is said as for the mock that AWS publishes.
    #[arg(skip)]
    pub(crate) aemm: aemm::Flags,
}

/// How requests are served.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Server")]
pub(crate) struct Serve {
    /// Address to listen on; repeatable; port 0 picks a free port [default: 127.0.0.1:4719]
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) addr: Vec<String>,
    /// Store run-time changes in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Keep connections open even if clients do not ask for it
    #[arg(long)]
    pub(crate) keep_alive: bool,
    #[command(flatten)]
    pub(crate) logging: Logging,
    /// Do not log requests
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Reload configuration files when they change
    #[arg(short = 'w', long = "watch-config-file", visible_alias = "watch")]
    pub(crate) watch: bool,
}

/// What to print, and how.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Output")]
#[group(skip)]
pub(crate) struct Tree {
    /// The API version [default: latest]
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// Whether requests are logged, and how. (`serve` does so without being told.)
#[derive(Args, Debug, Default)]
pub(crate) struct Logging {
    /// Log requests on stderr, as text or as JSON [default: text; of `run`: no log]
    #[arg(
        long,
        value_enum,
        value_name = "text|json",
        hide_possible_values = true
    )]
    pub(crate) log: Option<LogFormat>,
}

/// A form of the request log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one object a line.
    Json,
}

/// Why there is nothing to run.
pub(crate) enum Stop {
    /// Help or the version was asked for, and printed.
    Told,
    /// The command line cannot be understood.
    Bad(Failure),
}

impl Stop {
    /// Says what there is to say and yields the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            Self::Told => ExitCode::SUCCESS,
            Self::Bad(failure) => failure.report(),
        }
    }
}

/// Reads the command line.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, Stop> {
    let grammar = line::grammar();
    let arguments = argument_order::commands_first(arguments.collect(), &grammar);
    let line = (grammar.clone())
        .try_get_matches_from(&arguments)
        .and_then(|matches| Ok((Line::from_arg_matches(&matches)?, matches)));
    let (line, matches) = line.map_err(|error| {
        if matches!(
            error.kind(),
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
        ) {
            // Nobody is left to tell if stdout is gone.
            let _ = error.print();
            Stop::Told
        } else {
            Stop::Bad(clap_error::condense(&error, &grammar, &arguments))
        }
    })?;
    line.understood(&matches).map_err(Stop::Bad)
}

/// Prints the script that completes command lines in this shell.
pub(crate) fn completion(shell: Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut line::grammar(), "imdsim", &mut script);
    // A reader that has seen enough is no failure.
    let _ = std::io::stdout().write_all(&script);
}

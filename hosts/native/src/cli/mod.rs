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

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::FromArgMatches as _;
use clap::error::ErrorKind;
use clap_complete::Shell;

use line::Line;

use crate::capture::{CaptureFlags, DiffFlags};
use crate::error::Failure;
use crate::remote::{ControlCommand, Emulator};
use crate::run::RunFlags;
use crate::serve::ServeFlags;
use crate::settings::SettingsFlags;
use crate::tree::TreeFlags;

/// What the person asked for.
#[derive(Debug)]
pub(crate) enum Command {
    /// Answer requests.
    Serve(SettingsFlags, ServeFlags),
    /// Run a command that finds the emulator.
    Run(SettingsFlags, RunFlags),
    /// Print what a service says, as an instance that says the same.
    Capture(CaptureFlags),
    /// Print how two captures differ.
    Diff(DiffFlags),
    /// Print everything that would be served.
    Tree(SettingsFlags, TreeFlags),
    /// Print the JSON Schema of instances.
    Schema,
    /// Print a script that completes command lines.
    Completion(Shell),
    /// Control a running emulator.
    Control(Emulator, ControlCommand),
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

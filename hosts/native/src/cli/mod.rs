//! The command line: `imdsim [command] [flags]`.
//!
//! `serve` starts an emulator. `spot`, `events` and `asglifecycle` start one, or
//! control a running one with `--url`. Other commands only control a running
//! one. Flags that a command ignores exist for compatibility with the AWS mock,
//! and are hidden.
//!
//! Values that only the core can validate are plain strings, so that a bad
//! value causes the same error in a flag, a file and the environment.

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

/// A parsed command with its flags.
#[derive(Debug)]
pub(crate) enum Command {
    /// Serve the emulated metadata service.
    Serve(SettingsFlags, ServeFlags),
    /// Run a command against the emulator.
    Run(SettingsFlags, RunFlags),
    /// Capture a metadata service as an instance document.
    Capture(CaptureFlags),
    /// Print the differences of two captures.
    Diff(DiffFlags),
    /// Print the emulated metadata.
    Tree(SettingsFlags, TreeFlags),
    /// Print the JSON Schema of instance documents.
    Schema,
    /// Print a shell completion script.
    Completion(Shell),
    /// Control a running emulator.
    Control(Emulator, ControlCommand),
}

/// A command line that ended parsing: help, version, or an error.
pub(crate) enum Stop {
    /// Help or the version was printed.
    Printed,
    /// The command line is invalid.
    Invalid(Failure),
}

impl Stop {
    /// Prints the error, if any, and returns the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            Self::Printed => ExitCode::SUCCESS,
            Self::Invalid(failure) => failure.report(),
        }
    }
}

/// Parses the command line.
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
            // A closed stdout is not an error.
            let _ = error.print();
            Stop::Printed
        } else {
            Stop::Invalid(clap_error::condense(&error, &grammar, &arguments))
        }
    })?;
    line.into_command(&matches).map_err(Stop::Invalid)
}

/// Prints the completion script of a shell.
pub(crate) fn completion(shell: Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut line::grammar(), "imdsim", &mut script);
    // A closed stdout is not an error.
    let _ = std::io::stdout().write_all(&script);
}

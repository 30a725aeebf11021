//! All commands, each with its flags.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command as Grammar, CommandFactory as _, FromArgMatches as _};
use clap::{Parser, Subcommand};
use clap_complete::Shell;

use super::Command;
use super::help;
use crate::aemm::{self, Scenario};
use crate::capture::{CaptureFlags, DiffFlags};
use crate::error::Failure;
use crate::remote::{self, ControlCommand, Emulator, EventsCommand};
use crate::run::RunFlags;
use crate::serve::ServeFlags;
use crate::settings::{InstanceFlags, SettingsFlags};
use crate::tree::TreeFlags;

/// `serve` is what happens without a command, so its flags stand on both sides.
#[derive(Debug, Parser)]
#[command(name = "imdsim", version)]
#[command(about = "The EC2 Instance Metadata Service, emulated")]
pub(super) struct Line {
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    delays: aemm::Delays,
    #[command(subcommand)]
    command: Option<Subcommands>,
}

#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Serve the emulated metadata service (the default command)
    Serve(Server),
    /// Run a command against the emulator, and check its requests
    Run {
        #[command(flatten)]
        settings: SettingsFlags,
        #[command(flatten)]
        aemm: aemm::Configuration,
        #[command(flatten)]
        run: RunFlags,
    },
    /// Print the metadata tree with its values
    Tree {
        #[command(flatten)]
        instance: InstanceFlags,
        #[command(flatten)]
        aemm: aemm::ConfigFile,
        #[command(flatten)]
        tree: TreeFlags,
    },
    /// Capture a real or emulated service as an instance document for --instance
    Capture(CaptureFlags),
    /// Compare two captures, one line per difference; exits with status 1 if they differ
    Diff(DiffFlags),
    /// Print the JSON Schema of instance documents
    Schema,
    /// Print a shell completion script
    Completion {
        /// The shell
        shell: Shell,
    },
    /// Send a Spot interruption notice: from an emulator that is started, or
    /// that runs where --url says
    Spot {
        #[command(flatten)]
        spot: aemm::Spot,
        #[command(flatten)]
        starts: Starts,
    },
    /// Schedule maintenance: in an emulator that is started, or that runs where
    /// --url says
    #[command(aliases = ["se", "scheduledevents"], args_conflicts_with_subcommands = true)]
    Events {
        #[command(flatten)]
        events: aemm::Events,
        #[command(flatten)]
        starts: Starts,
        #[command(subcommand)]
        call: Option<EventsCommand>,
    },
    /// Take the instance out of its Auto Scaling group: in an emulator that is
    /// started, or that runs where --url says
    #[command(aliases = ["asg", "autoscaling"])]
    Asglifecycle {
        #[command(flatten)]
        moment: aemm::Moment,
        #[command(flatten)]
        starts: Starts,
    },
    #[command(flatten)]
    Control(ControlCommand),
}

/// Everything that a server is started with.
#[derive(Args, Debug)]
struct Server {
    #[command(flatten)]
    settings: SettingsFlags,
    #[command(flatten)]
    serve: ServeFlags,
    #[command(flatten)]
    aemm: aemm::Configuration,
    #[command(flatten)]
    listening: aemm::Listening,
}

/// The flags of commands that start an emulator unless one is named.
#[derive(Args, Debug)]
struct Starts {
    /// Control the emulator running at this URL instead of starting one
    #[arg(long, value_name = "URL", help_heading = "A running emulator")]
    url: Option<String>,
    #[command(flatten)]
    delays: aemm::Delays,
    #[command(flatten)]
    server: Server,
}

/// The one flag of a server that a running emulator needs as well.
const ADMIN_TOKEN: &str = "admin_token";

/// All commands and flags.
pub(super) fn grammar() -> Grammar {
    let grammar = Line::command()
        .mut_subcommand("events", |events| {
            // The mock's --state is that of an event.
            events
                .mut_arg("state", |file| file.long("state-file"))
                .mut_subcommands(with_emulator_flags)
        })
        .mut_subcommand("fault", |fault| {
            with_emulator_flags(fault).mut_subcommands(with_emulator_flags)
        });
    let grammar = ["freeze", "shift", "release", "requests", "reset"]
        .into_iter()
        .fold(grammar, |grammar, name| {
            grammar.mut_subcommand(name, with_emulator_flags)
        });
    help::complete(grammar)
}

/// A command with the flags that name a running emulator.
fn with_emulator_flags(command: Grammar) -> Grammar {
    let about = command.get_about().cloned().unwrap_or_default();
    Emulator::augment_args(command).about(about)
}

impl Line {
    /// What is asked for by all of it together.
    pub(super) fn understood(self, matches: &ArgMatches) -> Result<Command, Failure> {
        let Some(command) = self.command else {
            return Ok(self.server.start(self.delays, Scenario::AsSaid));
        };
        Ok(match command {
            Subcommands::Serve(server) => server.start(aemm::Delays::default(), Scenario::Nothing),
            Subcommands::Run {
                mut settings,
                aemm,
                run,
            } => {
                settings.aemm.configuration = aemm;
                Command::Run(settings, run)
            }
            Subcommands::Tree {
                instance,
                aemm,
                tree,
            } => {
                let mut settings = SettingsFlags {
                    instance,
                    ..SettingsFlags::default()
                };
                settings.aemm.configuration.file = aemm;
                Command::Tree(settings, tree)
            }
            Subcommands::Capture(capture) => Command::Capture(capture),
            Subcommands::Diff(diff) => Command::Diff(diff),
            Subcommands::Schema => Command::Schema,
            Subcommands::Completion { shell } => Command::Completion(shell),
            Subcommands::Spot { spot, starts } => starts.happen(Scenario::Spot(spot), matches)?,
            Subcommands::Events {
                call: Some(call), ..
            } => Command::Control(emulator(matches)?, ControlCommand::Events(call)),
            Subcommands::Events { events, starts, .. } => {
                starts.happen(Scenario::Events(events), matches)?
            }
            Subcommands::Asglifecycle { moment, starts } => {
                starts.happen(Scenario::Asglifecycle(moment), matches)?
            }
            Subcommands::Control(command) => Command::Control(emulator(matches)?, command),
        })
    }
}

impl Server {
    /// The command that starts it.
    fn start(self, delays: aemm::Delays, scenario: Scenario) -> Command {
        let mut settings = self.settings;
        settings.aemm = aemm::Flags {
            configuration: self.aemm,
            listening: self.listening,
            delays,
            scenario,
        };
        Command::Serve(settings, self.serve)
    }
}

impl Starts {
    /// Makes something happen in the emulator that is named, or in one that is
    /// started.
    fn happen(self, scenario: Scenario, matches: &ArgMatches) -> Result<Command, Failure> {
        let Some((place, _)) = remote::named(self.url.as_deref()) else {
            return Ok(self.server.start(self.delays, scenario));
        };
        refuse_server_flags(place, leaf(matches))?;
        let emulator = Emulator {
            url: self.url,
            admin_token: self.server.settings.admin_token,
        };
        let flags = aemm::Flags {
            delays: self.delays,
            scenario,
            ..aemm::Flags::default()
        };
        Ok(Command::Control(
            emulator,
            ControlCommand::AddEvents(Box::new(flags)),
        ))
    }
}

/// Refuses flags that only make sense where a server is started.
fn refuse_server_flags(place: &str, given: &ArgMatches) -> Result<(), Failure> {
    let server = Server::augment_args(Grammar::new("server"));
    let is_said = |id: &str| given.value_source(id) == Some(ValueSource::CommandLine);
    let mut flags = server.get_arguments();
    let said = flags.find(|flag| {
        let id = flag.get_id().as_str();
        id != ADMIN_TOKEN && is_said(id)
    });
    let Some(flag) = said.and_then(clap::Arg::get_long) else {
        return Ok(());
    };
    Err(Failure::new(
        format_args!("--{flag}"),
        format_args!("with {place} no server is started"),
        "leave one of the two out",
    ))
}

/// Which emulator is told, by the flags of the innermost command.
fn emulator(matches: &ArgMatches) -> Result<Emulator, Failure> {
    Emulator::from_arg_matches(leaf(matches)).map_err(|error| crate::error::internal_error(&error))
}

fn leaf(matches: &ArgMatches) -> &ArgMatches {
    matches
        .subcommand()
        .map_or(matches, |(_, below)| leaf(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_flags_of_a_command_share_a_name() {
        grammar().debug_assert();
    }
}

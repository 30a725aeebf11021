//! All commands with their flags.

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

/// The command line. `serve` is the default command, so its flags exist at the
/// top level too.
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
    /// Start an emulator with a Spot interruption, or schedule one in the emulator
    /// at --url
    Spot {
        #[command(flatten)]
        spot: aemm::Spot,
        #[command(flatten)]
        starts: Starts,
    },
    /// Start an emulator with scheduled maintenance, or schedule it in the emulator
    /// at --url
    #[command(aliases = ["se", "scheduledevents"], args_conflicts_with_subcommands = true)]
    Events {
        #[command(flatten)]
        events: aemm::Events,
        #[command(flatten)]
        starts: Starts,
        #[command(subcommand)]
        call: Option<EventsCommand>,
    },
    /// Start an emulator whose instance leaves its Auto Scaling group, or schedule
    /// that in the emulator at --url
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

/// The flags of a command that starts a server.
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

/// The flags of a command that starts a server, or controls the one at `--url`.
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

/// The only server flag that also applies to a running emulator.
const ADMIN_TOKEN: &str = "admin_token";

/// Builds the clap command.
pub(super) fn grammar() -> Grammar {
    let grammar = Line::command()
        .mut_subcommand("events", |events| {
            // The mock's `--state` is the state of an event.
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

/// Adds the flags that select a running emulator.
fn with_emulator_flags(command: Grammar) -> Grammar {
    let about = command.get_about().cloned().unwrap_or_default();
    Emulator::augment_args(command).about(about)
}

impl Line {
    /// Converts the parsed line to a command.
    pub(super) fn into_command(self, matches: &ArgMatches) -> Result<Command, Failure> {
        let Some(command) = self.command else {
            return Ok(self.server.start(self.delays, Scenario::AsConfigured));
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
            Subcommands::Spot { spot, starts } => {
                starts.into_command(Scenario::Spot(spot), matches)?
            }
            Subcommands::Events {
                call: Some(call), ..
            } => Command::Control(emulator(matches)?, ControlCommand::Events(call)),
            Subcommands::Events { events, starts, .. } => {
                starts.into_command(Scenario::Events(events), matches)?
            }
            Subcommands::Asglifecycle { moment, starts } => {
                starts.into_command(Scenario::Asglifecycle(moment), matches)?
            }
            Subcommands::Control(command) => Command::Control(emulator(matches)?, command),
        })
    }
}

impl Server {
    /// Returns the command that starts the server.
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
    /// Returns the command that adds the events to the selected emulator, or
    /// starts one with them.
    fn into_command(self, scenario: Scenario, matches: &ArgMatches) -> Result<Command, Failure> {
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

/// Rejects server flags when a running emulator is selected.
fn refuse_server_flags(place: &str, given: &ArgMatches) -> Result<(), Failure> {
    let server = Server::augment_args(Grammar::new("server"));
    let is_given = |id: &str| given.value_source(id) == Some(ValueSource::CommandLine);
    let mut flags = server.get_arguments();
    let given_flag = flags.find(|flag| {
        let id = flag.get_id().as_str();
        id != ADMIN_TOKEN && is_given(id)
    });
    let Some(flag) = given_flag.and_then(clap::Arg::get_long) else {
        return Ok(());
    };
    Err(Failure::new(
        format_args!("--{flag}"),
        format_args!("no effect with {place}, which starts no server"),
        "remove one of them",
    ))
}

/// Reads the emulator flags of the innermost command.
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

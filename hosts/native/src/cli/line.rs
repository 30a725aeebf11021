//! All commands, each with its flags.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command as Grammar, CommandFactory as _, FromArgMatches as _};
use clap::{Parser, Subcommand};
use clap_complete::Shell;

use super::help;
use super::remote::{Emulator, EventsCall, Verb};
use super::{Command, InstanceFlags, Serve, Settings, Tree};
use crate::aemm::{self, Scenario};
use crate::capture::{Capture, Diff};
use crate::error::Failure;
use crate::remote;
use crate::run::Run;

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
        settings: Settings,
        #[command(flatten)]
        aemm: aemm::Configuration,
        #[command(flatten)]
        run: Run,
    },
    /// Print the metadata tree with its values
    Tree {
        #[command(flatten)]
        instance: InstanceFlags,
        #[command(flatten)]
        aemm: aemm::ConfigFile,
        #[command(flatten)]
        tree: Tree,
    },
    /// Capture a real or emulated service as an instance document for --instance
    Capture(Capture),
    /// Compare two captures, one line per difference; exits with status 1 if they differ
    Diff(Diff),
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
        call: Option<EventsCall>,
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
    Tell(Verb),
}

/// Everything that a server is started with.
#[derive(Args, Debug)]
struct Server {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    serve: Serve,
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
                .mut_subcommands(telling)
        })
        .mut_subcommand("fault", |fault| telling(fault).mut_subcommands(telling));
    let grammar = ["freeze", "shift", "release", "requests", "reset"]
        .into_iter()
        .fold(grammar, |grammar, name| {
            grammar.mut_subcommand(name, telling)
        });
    help::complete(grammar)
}

/// A command with the flags that name a running emulator.
fn telling(command: Grammar) -> Grammar {
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
                let mut settings = Settings {
                    instance,
                    ..Settings::default()
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
            } => Command::Tell(emulator(matches)?, Verb::Events(call)),
            Subcommands::Events { events, starts, .. } => {
                starts.happen(Scenario::Events(events), matches)?
            }
            Subcommands::Asglifecycle { moment, starts } => {
                starts.happen(Scenario::Asglifecycle(moment), matches)?
            }
            Subcommands::Tell(verb) => Command::Tell(emulator(matches)?, verb),
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
        Ok(Command::Tell(emulator, Verb::Make(Box::new(flags))))
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

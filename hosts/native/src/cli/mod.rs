//! The command line: `imdsim [command] [flags]`.
//!
//! Commands start an emulator, as `serve` and those of the mock that AWS
//! publishes do, or tell something to one that runs: all do with `--url`, and
//! some only do that.
//!
//! Values that only the core can judge are taken as text, so that a bad value
//! draws the same sentence from a flag, a file and the environment.

mod complaint;
mod order;
mod remote;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

pub(crate) use remote::{Emulator, EventsCall, FaultCall, Requests, Verb};

use crate::capture::{Capture, Diff};
use crate::fail::Failure;
use crate::mock::{self, Scenario};
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
    /// Tell something to an emulator that runs.
    Tell(Emulator, Verb),
}

/// Which instance is emulated, and how; the same for every command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Emulated instance")]
pub(crate) struct Settings {
    /// The instance: what `aws ec2 describe-instances` prints, or one instance of it
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) instance: Option<PathBuf>,
    /// Settings as one JSON document, in place of `IMDSIM_CONFIG`
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// User data, at most 16,384 bytes
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) user_data: Option<PathBuf>,
    /// Credentials that AWS accepts, as `aws sts assume-role` prints them
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) credentials: Option<PathBuf>,
    /// Texts of leaves by path, as a JSON object; null removes one
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) overrides: Option<PathBuf>,
    /// What happens to the instance, and when: a list of events
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) timeline: Option<PathBuf>,
    /// What the identity document is signed with: private keys and certificates, in PEM
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) identity_keys: Option<PathBuf>,
    /// Whether every request needs a session token
    #[arg(long, global = true, value_name = "optional|required")]
    pub(crate) http_tokens: Option<String>,
    /// Whether the service answers at all
    #[arg(long, global = true, value_name = "enabled|disabled")]
    pub(crate) http_endpoint: Option<String>,
    /// How many hops the answer to a token request may travel, 1 to 64
    #[arg(long, global = true, value_name = "N")]
    pub(crate) http_put_response_hop_limit: Option<String>,
    /// Whether tags are shown
    #[arg(long, global = true, value_name = "enabled|disabled")]
    pub(crate) instance_metadata_tags: Option<String>,
    /// Who has it may use the control API; given as `--admin-token`.
    #[arg(skip)]
    pub(crate) admin_token: Option<String>,
    /// A host that is answered even with real credentials, also more than once
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,
    /// What session tokens are signed with
    #[arg(long, global = true, value_name = "TEXT")]
    pub(crate) secret: Option<String>,
    /// The time that stands still, for answers equal to the byte
    #[arg(long, global = true, value_name = "RFC3339")]
    pub(crate) frozen_time: Option<String>,
    /// What stands in for random bytes, for answers equal to the byte
    #[arg(long, global = true, value_name = "TEXT")]
    pub(crate) frozen_entropy: Option<String>,
    /// What becomes of token requests with X-Forwarded-For
    #[arg(long, global = true, value_name = "reject|ignore")]
    pub(crate) forwarded_for: Option<String>,
    /// How many requests the journal holds [default: 1000]
    #[arg(long, global = true, value_name = "N|off")]
    pub(crate) journal: Option<String>,
    /// What is said as for the mock that AWS publishes.
    #[command(flatten)]
    pub(crate) mock: mock::Flags,
}

/// How requests are served.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Server")]
pub(crate) struct Serve {
    /// Where to listen, also more than once; port 0 picks a free one [default: 127.0.0.1:4719]
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) addr: Vec<String>,
    /// Keep what was changed at run time in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Keep connections open, also for clients that do not ask for it
    #[arg(long)]
    pub(crate) keep_alive: bool,
    #[command(flatten)]
    pub(crate) logging: Logging,
    /// Do not log requests
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Take changes of the configuration files over while running
    #[arg(short = 'w', long = "watch-config-file", visible_alias = "watch")]
    pub(crate) watch: bool,
}

/// What to print, and how.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Output")]
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
    /// Log requests on stderr, as text or as JSON [default of serve: text]
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
    let grammar = grammar();
    let arguments = order::commands_first(arguments.collect(), &grammar);
    let matches = grammar.try_get_matches_from(arguments);
    let line = matches.and_then(|matches| Line::from_arg_matches(&matches));
    let line = line.map_err(|error| {
        if matches!(
            error.kind(),
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
        ) {
            // Nobody is left to tell if stdout is gone.
            let _ = error.print();
            Stop::Told
        } else {
            Stop::Bad(complaint::condense(&error))
        }
    })?;
    line.understood().map_err(Stop::Bad)
}

/// Everything there is to be said.
fn grammar() -> clap::Command {
    Line::command().mut_subcommand("events", |events| {
        // The mock's --state is that of an event.
        events.mut_arg("state", |file| file.long("state-file"))
    })
}

/// `serve` is what happens without a command, so its flags stand on both sides.
#[derive(Debug, Parser)]
#[command(name = "imdsim", version, disable_help_subcommand = true)]
#[command(about = "The EC2 Instance Metadata Service, emulated")]
struct Line {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    serve: Serve,
    #[command(flatten)]
    emulator: Emulator,
    #[command(subcommand)]
    command: Option<Subcommands>,
}

#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Answer requests (this is also what happens without a command)
    Serve(Serve),
    /// Run a command that finds the emulator, and judge what it asked for
    Run(Run),
    /// Print the whole tree with its values
    Tree(Tree),
    /// Print what a real or emulated service says, as an instance that --instance takes
    Capture(Capture),
    /// Print how two captures differ, one line a difference; status 1 if they do
    Diff(Diff),
    /// Print the JSON Schema of what --instance takes
    Schema,
    /// Take Spot capacity back: in an emulator that is started, or with --url
    Spot {
        #[command(flatten)]
        spot: mock::Spot,
        #[command(flatten)]
        serve: Serve,
    },
    /// Schedule maintenance: in an emulator that is started, or with --url
    #[command(aliases = ["se", "scheduledevents"], args_conflicts_with_subcommands = true)]
    Events {
        #[command(flatten)]
        events: mock::Events,
        #[command(flatten)]
        serve: Serve,
        #[command(subcommand)]
        call: Option<EventsCall>,
    },
    /// Take the instance out of its Auto Scaling group: in an emulator that is
    /// started, or with --url
    #[command(aliases = ["asg", "autoscaling"])]
    Asglifecycle {
        #[command(flatten)]
        moment: mock::Moment,
        #[command(flatten)]
        serve: Serve,
    },
    #[command(flatten)]
    Tell(Verb),
}

impl Line {
    /// What is asked for by all of it together.
    fn understood(mut self) -> Result<Command, Failure> {
        let (serve, scenario) = match self.command {
            None => (Serve::default(), Scenario::AsSaid),
            Some(Subcommands::Serve(serve)) => (serve, Scenario::Nothing),
            Some(Subcommands::Run(run)) => {
                self.emulator.is_not_for("run")?;
                self.settings.admin_token = self.emulator.admin_token;
                return Ok(Command::Run(self.settings, run));
            }
            Some(Subcommands::Tree(tree)) => {
                self.emulator.is_not_for("tree")?;
                return Ok(Command::Tree(self.settings, tree));
            }
            Some(Subcommands::Capture(capture)) => {
                self.emulator.is_not_for("capture")?;
                return Ok(Command::Capture(capture));
            }
            Some(Subcommands::Diff(diff)) => {
                self.emulator.is_not_for("diff")?;
                return Ok(Command::Diff(diff));
            }
            Some(Subcommands::Schema) => {
                self.emulator.is_not_for("schema")?;
                return Ok(Command::Schema);
            }
            Some(Subcommands::Spot { spot, serve }) => (serve, Scenario::Spot(spot)),
            Some(Subcommands::Events {
                call: Some(call), ..
            }) => return Ok(Command::Tell(self.emulator, Verb::Events(call))),
            Some(Subcommands::Events { events, serve, .. }) => (serve, Scenario::Events(events)),
            Some(Subcommands::Asglifecycle { moment, serve }) => {
                (serve, Scenario::Asglifecycle(moment))
            }
            Some(Subcommands::Tell(verb)) => return Ok(Command::Tell(self.emulator, verb)),
        };
        let serve = serve.over(self.serve);
        self.settings.mock.scenario = scenario;
        if self.emulator.url.is_none() {
            self.settings.admin_token = self.emulator.admin_token;
            return Ok(Command::Serve(self.settings, serve));
        }
        match self.settings.mock.scenario {
            Scenario::AsSaid => Err(Failure::new(
                "--url",
                "there is nothing to tell the emulator",
                "give a command, for instance `spot` or `reset`",
            )),
            Scenario::Nothing => self
                .emulator
                .is_not_for("serve")
                .map(|()| Command::Serve(self.settings, serve)),
            Scenario::Spot(_) | Scenario::Events(_) | Scenario::Asglifecycle(_) => {
                serve.is_unsaid()?;
                Ok(Command::Tell(
                    self.emulator,
                    Verb::Make(Box::new(self.settings.mock)),
                ))
            }
        }
    }
}

impl Serve {
    /// Lets these flags win over those that stood before the command.
    fn over(self, before: Self) -> Self {
        Self {
            addr: if self.addr.is_empty() {
                before.addr
            } else {
                self.addr
            },
            state: self.state.or(before.state),
            keep_alive: self.keep_alive || before.keep_alive,
            logging: Logging {
                log: self.logging.log.or(before.logging.log),
            },
            quiet: self.quiet || before.quiet,
            watch: self.watch || before.watch,
        }
    }

    /// Refuses flags that only make sense where a server is started.
    fn is_unsaid(&self) -> Result<(), Failure> {
        let said = [
            ("--addr", !self.addr.is_empty()),
            ("--state", self.state.is_some()),
            ("--keep-alive", self.keep_alive),
            ("--watch-config-file", self.watch),
        ];
        match said.into_iter().find(|(_, is_said)| *is_said) {
            None => Ok(()),
            Some((flag, _)) => Err(Failure::new(
                flag,
                "with --url no server is started",
                "leave one of the two out",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_flags_of_a_command_share_a_name() {
        grammar().debug_assert();
    }
}

//! The mock's command-line flags. All values are strings, so that a bad value
//! causes the same error in a flag, a variable and the file.

use clap::Args;

use super::keys;

/// The values of the mock's flags.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) configuration: Configuration,
    pub(crate) listening: Listening,
    pub(crate) delays: Delays,
    /// The events that the command adds.
    pub(crate) scenario: Scenario,
}

/// The configuration file in the mock's format.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "As the mock that AWS publishes")]
#[group(skip)]
pub(crate) struct ConfigFile {
    /// The mock's configuration file; for imdsim's own there is --config [default of spot, events and asglifecycle: ~/aemm-config.json, if there is one]
    #[arg(short, long, value_name = "FILE")]
    config_file: Option<String>,
}

/// Flags of the metadata service.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "As the mock that AWS publishes")]
#[group(skip)]
pub(crate) struct Configuration {
    #[command(flatten)]
    pub(crate) file: ConfigFile,
    /// Require session tokens, like --http-tokens required [default: false]
    #[arg(
        short = 'I', long, value_name = "true|false",
        num_args = 0..=1, require_equals = true, default_missing_value = "true"
    )]
    imdsv2: Option<String>,
    /// Number of client IP addresses that see events; all if negative [default: all]
    #[arg(short = 'x', long, value_name = "N", allow_negative_numbers = true)]
    mock_ip_count: Option<String>,
}

/// Flags of the server, and of the saved configuration.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "As the mock that AWS publishes")]
#[group(skip)]
pub(crate) struct Listening {
    /// The host to listen on, with --port in place of --addr [default: 127.0.0.1]
    #[arg(short = 'n', long, value_name = "HOST")]
    hostname: Option<String>,
    /// The port to listen on, with --hostname in place of --addr [default: 4719]
    #[arg(short, long, value_name = "PORT", allow_negative_numbers = true)]
    port: Option<String>,
    /// Save the configuration as ~/.ec2-metadata-mock/.aemm-config-used.json [default: false]
    #[arg(
        short, long, value_name = "true|false",
        num_args = 0..=1, require_equals = true, default_missing_value = "true"
    )]
    save_config_to_file: Option<String>,
}

/// Flags of the times of events.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "As the mock that AWS publishes")]
#[group(skip)]
pub(crate) struct Delays {
    /// Delay of the event after the start, in seconds [default: 0]
    #[arg(short = 'd', long, value_name = "N", allow_negative_numbers = true)]
    mock_delay_sec: Option<String>,
    /// Time of the event; overrides --mock-delay-sec
    #[arg(long, value_name = "RFC3339")]
    mock_trigger_time: Option<String>,
    /// Delay of the rebalance recommendation after the start, in seconds [default: 0]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    rebalance_delay_sec: Option<String>,
    /// Time of the rebalance recommendation; overrides --rebalance-delay-sec
    #[arg(long, value_name = "RFC3339")]
    rebalance_trigger_time: Option<String>,
    /// Delay of the Auto Scaling termination after the start, in seconds [default: 0]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    asg_termination_delay_sec: Option<String>,
    /// Time of the Auto Scaling termination; overrides the delay
    #[arg(long, value_name = "RFC3339", allow_negative_numbers = true)]
    asg_termination_trigger_time: Option<String>,
}

/// The events that a command adds.
#[derive(Clone, Debug, Default)]
pub(crate) enum Scenario {
    /// None, even if the configuration describes some.
    #[default]
    Nothing,
    /// All kinds, if the configuration describes any: no command was given.
    AsConfigured,
    /// `spot`: an interruption and a rebalance recommendation.
    Spot(Spot),
    /// `events`: scheduled maintenance.
    Events(Events),
    /// `asglifecycle`: termination by an Auto Scaling group.
    Asglifecycle(Moment),
}

/// The flags of `spot`.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Spot interruption")]
#[group(skip)]
pub(crate) struct Spot {
    /// Interruption action [default: terminate]
    #[arg(short, long, value_name = "terminate|stop|hibernate")]
    action: Option<String>,
    /// Time of the interruption [default: two minutes after the notice]
    #[arg(short, long, value_name = "RFC3339")]
    time: Option<String>,
    /// `noticeTime` of the rebalance recommendation [default: the time it appears]
    #[arg(short, long, value_name = "RFC3339")]
    rebalance_rec_time: Option<String>,
    #[command(flatten)]
    moment: Moment,
}

/// The flags of `events`.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Scheduled maintenance")]
#[group(skip)]
pub(crate) struct Events {
    /// Event code: instance-reboot, instance-retirement, instance-stop, system-reboot or system-maintenance [default: system-reboot]
    #[arg(short = 'o', long, value_name = "CODE")]
    code: Option<String>,
    /// The state of the event; the file of `serve --state` is --state-file here [default: active]
    #[arg(
        id = "event-state",
        short = 't',
        long = "state",
        value_name = "active|completed|canceled"
    )]
    state: Option<String>,
    /// `NotBefore` of the event [default: the time it appears]
    #[arg(short = 'b', long, value_name = "RFC3339")]
    not_before: Option<String>,
    /// `NotAfter` of the event [default: seven days after it appears]
    #[arg(short = 'a', long, value_name = "RFC3339")]
    not_after: Option<String>,
    /// `NotBeforeDeadline` of the event [default: not shown]
    #[arg(short = 'l', long, value_name = "RFC3339")]
    not_before_deadline: Option<String>,
    #[command(flatten)]
    moment: Moment,
}

/// The time of an event in imdsim's own flags.
#[derive(Args, Clone, Debug, Default)]
#[group(skip)]
pub(crate) struct Moment {
    /// Delay from now, for example 30s or 2m [default: immediately]
    #[arg(
        long = "in",
        value_name = "DURATION",
        allow_hyphen_values = true,
        conflicts_with_all = MOCKS_OWN
    )]
    delay: Option<String>,
    /// Time of the event
    #[arg(long, value_name = "RFC3339", conflicts_with_all = MOCKS_OWN)]
    at: Option<String>,
}

/// The mock's flags for the same times.
const MOCKS_OWN: [&str; 4] = [
    "mock_delay_sec",
    "mock_trigger_time",
    "asg_termination_delay_sec",
    "asg_termination_trigger_time",
];

/// A given flag: its name, its key and its value.
pub(super) type GivenFlag<'a> = (&'static str, &'static str, &'a str);

/// A flag: its name, its key and its value if given.
type Flag<'a> = (&'static str, &'static str, &'a Option<String>);

impl Flags {
    /// Returns the given flags.
    pub(super) fn given(&self) -> Vec<GivenFlag<'_>> {
        self.all()
            .into_iter()
            .filter_map(|(flag, key, value)| Some((flag, key, value.as_deref()?)))
            .collect()
    }

    /// Returns all flags of the scenario.
    #[rustfmt::skip]
    fn all(&self) -> Vec<Flag<'_>> {
        let Self { configuration, listening, delays, scenario } = self;
        let mut all = vec![
            ("--hostname", "server.hostname", &listening.hostname),
            ("--port", "server.port", &listening.port),
            ("--save-config-to-file", "save-config-to-file", &listening.save_config_to_file),
            ("--config-file", "config-file", &configuration.file.config_file),
            ("--imdsv2", "imdsv2", &configuration.imdsv2),
            ("--mock-ip-count", "mock-ip-count", &configuration.mock_ip_count),
            ("--mock-delay-sec", "mock-delay-sec", &delays.mock_delay_sec),
            ("--mock-trigger-time", "mock-trigger-time", &delays.mock_trigger_time),
            ("--rebalance-delay-sec", "rebalance-delay-sec", &delays.rebalance_delay_sec),
            ("--rebalance-trigger-time", "rebalance-trigger-time", &delays.rebalance_trigger_time),
            ("--asg-termination-delay-sec", "asg-termination-delay-sec", &delays.asg_termination_delay_sec),
            ("--asg-termination-trigger-time", "asg-termination-trigger-time", &delays.asg_termination_trigger_time),
        ];
        match scenario {
            Scenario::Spot(spot) => all.extend([
                ("--action", "spot.action", &spot.action),
                ("--time", "spot.time", &spot.time),
                ("--rebalance-rec-time", "spot.rebalance-rec-time", &spot.rebalance_rec_time),
            ]),
            Scenario::Events(events) => all.extend([
                ("--code", "events.code", &events.code),
                ("--state", "events.state", &events.state),
                ("--not-before", "events.not-before", &events.not_before),
                ("--not-after", "events.not-after", &events.not_after),
                ("--not-before-deadline", "events.not-before-deadline", &events.not_before_deadline),
            ]),
            Scenario::Nothing | Scenario::AsConfigured | Scenario::Asglifecycle(_) => {}
        }
        if let Some(moment) = scenario.moment() {
            all.push(("--in", "in", &moment.delay));
            all.push(("--at", "at", &moment.at));
        }
        all
    }
}

/// The environment variable of a command's flag.
pub(crate) fn variable_of(command: &str, flag: &str) -> Option<String> {
    let scenario = match command {
        "spot" => Scenario::Spot(Spot::default()),
        "events" => Scenario::Events(Events::default()),
        "asglifecycle" => Scenario::Asglifecycle(Moment::default()),
        _ => Scenario::default(),
    };
    let flags = Flags {
        scenario,
        ..Flags::default()
    };
    let all = flags.all();
    let known = all
        .iter()
        .find(|(name, ..)| name.strip_prefix("--") == Some(flag));
    keys::variable_of(known?.1)
}

/// The flags that a command accepts only because the mock does.
pub(crate) fn idle(command: &str) -> &'static [&'static str] {
    match command {
        "spot" => &["asg_termination_delay_sec", "asg_termination_trigger_time"],
        "events" => &[
            "asg_termination_delay_sec",
            "asg_termination_trigger_time",
            "rebalance_delay_sec",
            "rebalance_trigger_time",
        ],
        "asglifecycle" => &[
            "mock_delay_sec",
            "mock_trigger_time",
            "rebalance_delay_sec",
            "rebalance_trigger_time",
        ],
        _ => &[],
    }
}

impl Scenario {
    /// Whether it is one of the mock's commands.
    pub(super) fn is_command(&self) -> bool {
        self.moment().is_some()
    }

    fn moment(&self) -> Option<&Moment> {
        match self {
            Self::Nothing | Self::AsConfigured => None,
            Self::Spot(spot) => Some(&spot.moment),
            Self::Events(events) => Some(&events.moment),
            Self::Asglifecycle(moment) => Some(moment),
        }
    }
}

//! The flags of the mock, as people know them. All values are texts, so that a
//! bad one draws the same sentence from a flag, a variable and the file.

use clap::Args;

/// What may stand with every command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "As the mock that AWS publishes")]
pub(crate) struct Flags {
    /// The host to listen on, with --port in place of --addr
    #[arg(short = 'n', long, global = true, value_name = "HOST")]
    hostname: Option<String>,
    /// The port to listen on, with --hostname in place of --addr
    #[arg(short, long, global = true, value_name = "PORT")]
    port: Option<String>,
    /// The mock's configuration file; for imdsim's own there is --config
    #[arg(short, long, global = true, value_name = "FILE")]
    config_file: Option<String>,
    /// Ask for a session token, as --http-tokens required does
    #[arg(
        short = 'I', long, global = true, value_name = "true|false",
        num_args = 0..=1, require_equals = true, default_missing_value = "true"
    )]
    imdsv2: Option<String>,
    /// Save the configuration as ~/.ec2-metadata-mock/.aemm-config-used.json
    #[arg(
        short, long, global = true, value_name = "true|false",
        num_args = 0..=1, require_equals = true, default_missing_value = "true"
    )]
    save_config_to_file: Option<String>,
    /// How many client addresses are shown what happens; below 0 all are
    #[arg(
        short = 'x',
        long,
        global = true,
        value_name = "N",
        allow_negative_numbers = true
    )]
    mock_ip_count: Option<String>,
    /// How many seconds after the start it happens
    #[arg(
        short = 'd',
        long,
        global = true,
        value_name = "N",
        allow_negative_numbers = true
    )]
    mock_delay_sec: Option<String>,
    /// When it happens; wins over --mock-delay-sec
    #[arg(long, global = true, value_name = "RFC3339")]
    mock_trigger_time: Option<String>,
    /// How many seconds after the start a rebalance is recommended
    #[arg(long, global = true, value_name = "N", allow_negative_numbers = true)]
    rebalance_delay_sec: Option<String>,
    /// When a rebalance is recommended; wins over --rebalance-delay-sec
    #[arg(long, global = true, value_name = "RFC3339")]
    rebalance_trigger_time: Option<String>,
    /// How many seconds after the start the Auto Scaling group terminates
    #[arg(long, global = true, value_name = "N", allow_negative_numbers = true)]
    asg_termination_delay_sec: Option<String>,
    /// When the Auto Scaling group terminates; wins over the delay
    #[arg(long, global = true, value_name = "RFC3339")]
    asg_termination_trigger_time: Option<String>,
    /// What the command makes happen.
    #[arg(skip)]
    pub(crate) scenario: Scenario,
}

/// What a command makes happen.
#[derive(Clone, Debug, Default)]
pub(crate) enum Scenario {
    /// Nothing, whatever is said of it.
    #[default]
    Nothing,
    /// All of it, as soon as anything is said of it: no command was given.
    AsSaid,
    /// `spot`: an interruption, and a rebalance recommendation.
    Spot(Spot),
    /// `events`: scheduled maintenance.
    Events(Events),
    /// `asglifecycle`: the way out of an Auto Scaling group.
    Asglifecycle(Moment),
}

/// The flags of `spot`.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Spot interruption")]
#[group(skip)]
pub(crate) struct Spot {
    /// What becomes of the instance [default: terminate]
    #[arg(short, long, value_name = "terminate|stop|hibernate")]
    action: Option<String>,
    /// When that is [default: two minutes after the notice]
    #[arg(short, long, value_name = "RFC3339")]
    time: Option<String>,
    /// The time in the rebalance recommendation [default: when it shows]
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
    /// What is scheduled: instance-reboot, instance-retirement, instance-stop,
    /// system-reboot or system-maintenance [default: system-reboot]
    #[arg(short = 'o', long, value_name = "CODE")]
    code: Option<String>,
    /// The state of the event; the file of `serve --state` is --state-file
    /// here [default: active]
    #[arg(
        id = "event-state",
        short = 't',
        long = "state",
        value_name = "active|completed|canceled"
    )]
    state: Option<String>,
    /// When it begins at the earliest [default: when it shows]
    #[arg(short = 'b', long, value_name = "RFC3339")]
    not_before: Option<String>,
    /// When it ends at the latest [default: seven days after it shows]
    #[arg(short = 'a', long, value_name = "RFC3339")]
    not_after: Option<String>,
    /// Until when it must begin [default: not shown]
    #[arg(short = 'l', long, value_name = "RFC3339")]
    not_before_deadline: Option<String>,
    #[command(flatten)]
    moment: Moment,
}

/// When it happens, in imdsim's own words.
#[derive(Args, Clone, Debug, Default)]
#[group(skip)]
pub(crate) struct Moment {
    /// How long from now it happens, as in 30s or 2m
    #[arg(long = "in", value_name = "DURATION")]
    delay: Option<String>,
    /// When it happens
    #[arg(long, value_name = "RFC3339")]
    at: Option<String>,
}

/// A flag that was given: its name, the key it sets, its value.
pub(super) type GivenFlag<'a> = (&'static str, &'static str, &'a str);

impl Flags {
    /// The flags that were given.
    pub(super) fn given(&self) -> Vec<GivenFlag<'_>> {
        let mut all = vec![
            ("--hostname", "server.hostname", &self.hostname),
            ("--port", "server.port", &self.port),
            ("--config-file", "config-file", &self.config_file),
            ("--imdsv2", "imdsv2", &self.imdsv2),
            (
                "--save-config-to-file",
                "save-config-to-file",
                &self.save_config_to_file,
            ),
            ("--mock-ip-count", "mock-ip-count", &self.mock_ip_count),
            ("--mock-delay-sec", "mock-delay-sec", &self.mock_delay_sec),
            (
                "--mock-trigger-time",
                "mock-trigger-time",
                &self.mock_trigger_time,
            ),
            (
                "--rebalance-delay-sec",
                "rebalance-delay-sec",
                &self.rebalance_delay_sec,
            ),
            (
                "--rebalance-trigger-time",
                "rebalance-trigger-time",
                &self.rebalance_trigger_time,
            ),
            (
                "--asg-termination-delay-sec",
                "asg-termination-delay-sec",
                &self.asg_termination_delay_sec,
            ),
            (
                "--asg-termination-trigger-time",
                "asg-termination-trigger-time",
                &self.asg_termination_trigger_time,
            ),
        ];
        match &self.scenario {
            Scenario::Spot(spot) => all.extend([
                ("--action", "spot.action", &spot.action),
                ("--time", "spot.time", &spot.time),
                (
                    "--rebalance-rec-time",
                    "spot.rebalance-rec-time",
                    &spot.rebalance_rec_time,
                ),
            ]),
            Scenario::Events(events) => all.extend([
                ("--code", "events.code", &events.code),
                ("--state", "events.state", &events.state),
                ("--not-before", "events.not-before", &events.not_before),
                ("--not-after", "events.not-after", &events.not_after),
                (
                    "--not-before-deadline",
                    "events.not-before-deadline",
                    &events.not_before_deadline,
                ),
            ]),
            Scenario::Nothing | Scenario::AsSaid | Scenario::Asglifecycle(_) => {}
        }
        if let Some(moment) = self.scenario.moment() {
            all.push(("--in", "in", &moment.delay));
            all.push(("--at", "at", &moment.at));
        }
        all.into_iter()
            .filter_map(|(flag, key, value)| Some((flag, key, value.as_deref()?)))
            .collect()
    }
}

impl Scenario {
    /// Whether it is one of the mock's own commands.
    pub(super) fn is_command(&self) -> bool {
        self.moment().is_some()
    }

    fn moment(&self) -> Option<&Moment> {
        match self {
            Self::Nothing | Self::AsSaid => None,
            Self::Spot(spot) => Some(&spot.moment),
            Self::Events(events) => Some(&events.moment),
            Self::Asglifecycle(moment) => Some(moment),
        }
    }
}

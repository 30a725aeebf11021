//! Flags of `imdsim run`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::error::Failure;
use crate::log::LogFlags;

/// The command, and the assertions on its requests.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Run")]
#[group(skip)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a flag that people give"
)]
pub(crate) struct RunFlags {
    /// Fail if any request used IMDSv1 (no session token), or if there was no request at all
    #[arg(long)]
    pub(crate) assert_no_v1: bool,
    /// With --assert-no-v1, do not fail if there was no request at all
    #[arg(long, requires = "assert_no_v1")]
    pub(crate) allow_no_requests: bool,
    /// Fail unless a request's path matches this pattern; `*` matches one segment, `**` any number
    #[arg(long, value_name = "PATTERN")]
    pub(crate) assert_requested: Vec<String>,
    /// Write a report of the requests and the clients' IMDSv2 readiness: JSON for a .json file, JUnit XML for .xml
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Hide all other AWS credentials from the command
    #[arg(long)]
    pub(crate) clean: bool,
    /// Run the command in its own network namespace, where the emulator answers at 169.254.169.254
    #[arg(long)]
    pub(crate) namespace: bool,
    /// Do not set `http_proxy`; clients with a hard-coded 169.254.169.254 then do not reach the emulator
    #[arg(long)]
    pub(crate) no_proxy: bool,
    #[command(flatten)]
    pub(crate) logging: LogFlags,
    /// The command, and its arguments
    #[arg(trailing_var_arg = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

impl RunFlags {
    /// Returns the command and its arguments, after validating the flags.
    pub(crate) fn command(&self) -> Result<(&OsString, &[OsString]), Failure> {
        let relative = |pattern: &&String| !pattern.starts_with('/');
        if let Some(pattern) = self.assert_requested.iter().find(relative) {
            return Err(Failure::new(
                "--assert-requested",
                format_args!("{pattern:?} is not a path"),
                "begin it with a slash, as in /latest/meta-data/**",
            ));
        }
        if let Some(path) = self.report.as_deref().filter(|path| !has_form(path)) {
            return Err(Failure::new(
                "--report",
                format_args!("{:?} ends in neither .json nor .xml", path.display()),
                "name the report as in imds.json or imds.xml",
            ));
        }
        self.command.split_first().ok_or_else(|| {
            Failure::new(
                "imdsim run",
                "no command given",
                "add one, for example `imdsim run -- aws configure list`",
            )
        })
    }

    /// Whether any flag evaluates the requests.
    pub(crate) fn evaluates_requests(&self) -> bool {
        self.assert_no_v1 || !self.assert_requested.is_empty() || self.report.is_some()
    }
}

/// Whether the report's file name has a known extension.
fn has_form(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end == "json" || end == "xml")
}

//! Flags that set settings.

use std::path::PathBuf;

use clap::Args;

use crate::aemm;

/// Flags of the emulated instance.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Emulated instance")]
#[group(skip)]
pub(crate) struct InstanceFlags {
    /// Instance description: the output of `aws ec2 describe-instances`, or one instance from it; `-` for standard input [default: a built-in one]
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

/// Flags of the instance and its metadata service.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Metadata service")]
pub(crate) struct SettingsFlags {
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
    /// Host name to answer even with real credentials (repeatable) [default: loopback, link-local and instance names only]
    #[arg(long, id = "allow_hosts", value_name = "NAME")]
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
    // Last, because its heading applies to all flags after it.
    #[command(flatten)]
    pub(crate) instance: InstanceFlags,
    /// The flags of the AWS mock.
    #[arg(skip)]
    pub(crate) aemm: aemm::Flags,
}

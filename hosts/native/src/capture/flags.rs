//! Flags of `imdsim capture` and `imdsim diff`.

use clap::Args;

use imdsim::constants::{DEFAULT_ADDRESS, ENDPOINT_VARIABLE, SERVICE_IPV4};

/// Flags of `capture`.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Capture")]
pub(crate) struct CaptureFlags {
    #[arg(
        long,
        value_name = "URL",
        help = format!(
            "Where the service is [default: http://{SERVICE_IPV4}] [env: {ENDPOINT_VARIABLE}]"
        )
    )]
    pub(crate) endpoint: Option<String>,
    /// Include user data, which often contains secrets
    #[arg(long)]
    pub(crate) with_user_data: bool,
    /// Include credentials and the signatures of the identity document
    #[arg(long)]
    pub(crate) with_credentials: bool,
}

/// Arguments of `diff`.
#[derive(Args, Debug, Default)]
pub(crate) struct DiffFlags {
    #[arg(
        value_name = "A",
        help = format!("A capture, or the address of a service, as in http://{DEFAULT_ADDRESS}")
    )]
    pub(crate) before: String,
    /// Another one
    #[arg(value_name = "B")]
    pub(crate) after: String,
}

//! Flags of `imdsim capture` and `imdsim diff`.

use clap::Args;

/// Which service is captured, and how much of it is told.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Capture")]
pub(crate) struct Capture {
    #[arg(
        long,
        value_name = "URL",
        help = "Where the service is [default: http://169.254.169.254] \
                [env: AWS_EC2_METADATA_SERVICE_ENDPOINT]"
    )]
    pub(crate) endpoint: Option<String>,
    /// Include user data, which often contains secrets
    #[arg(long)]
    pub(crate) with_user_data: bool,
    /// Include credentials and the signatures of the identity document
    #[arg(long)]
    pub(crate) with_credentials: bool,
}

/// What is compared.
#[derive(Args, Debug, Default)]
pub(crate) struct Diff {
    #[arg(
        value_name = "A",
        help = "A capture, or the address of a service, as in http://127.0.0.1:4719"
    )]
    pub(crate) before: String,
    /// Another one
    #[arg(value_name = "B")]
    pub(crate) after: String,
}

//! The Rust SDK's IMDS client and credentials provider. They run in a separate
//! process, because they read the endpoint from the environment.

use std::error::Error;
use std::process::ExitCode;

use aws_config::imds::client::Client;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_smithy_http_client::Builder;

/// The argument that selects this client in the test program.
pub(crate) const COMMAND: &str = "aws-config";

/// Prints the credentials and the Region.
pub(crate) fn run() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    match runtime.block_on(load_metadata()) {
        Ok(output) => {
            println!("{output}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{error:?}");
            ExitCode::FAILURE
        }
    }
}

/// Loads the credentials and the Region.
async fn load_metadata() -> Result<String, Box<dyn Error>> {
    // Without TLS, because the metadata service uses plain HTTP.
    let config = ProviderConfig::without_region().with_http_client(Builder::new().build_http());
    let client = Client::builder().configure(&config).build();
    let region = client.get("/latest/meta-data/placement/region").await?;
    let provider = ImdsCredentialsProvider::builder()
        .configure(&config)
        .imds_client(client)
        .build();
    let credentials = provider.provide_credentials().await?;
    let region: String = region.into();
    Ok(format!(
        "{} {} {}\n{region}",
        credentials.access_key_id(),
        credentials.secret_access_key(),
        credentials.session_token().unwrap_or_default()
    ))
}

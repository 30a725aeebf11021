//! aws-config where the metadata service goes wrong, in a process of its own,
//! since it takes its endpoint from the environment.

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use aws_config::imds::client::Client;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_http_client::Builder;
use serde_json::{Value, json};

use super::{ATTEMPTS, TIMEOUT};

/// The argument with which this test becomes that process.
pub(crate) const COMMAND: &str = "--be-aws-config-among-faults";

/// Prints one line of JSON: the minutes for which it holds its credentials to
/// be good, or its error.
pub(crate) fn run() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    println!("{}", runtime.block_on(ask()));
    ExitCode::SUCCESS
}

async fn ask() -> Value {
    // Without TLS: the metadata service speaks plain HTTP.
    let config = ProviderConfig::without_region().with_http_client(Builder::new().build_http());
    let client = Client::builder()
        .configure(&config)
        .connect_timeout(TIMEOUT)
        .read_timeout(TIMEOUT)
        .max_attempts(ATTEMPTS)
        .build();
    let provider = ImdsCredentialsProvider::builder()
        .configure(&config)
        .imds_client(client)
        .build();
    match provider.provide_credentials().await {
        Ok(credentials) => json!({ "minutes": minutes_until(credentials.expiry().unwrap()) }),
        Err(error) => json!({ "error": kind(&error), "message": causes(&error) }),
    }
}

/// Negative when the time has passed.
fn minutes_until(end: SystemTime) -> i64 {
    let minutes = |time: Duration| i64::try_from(time.as_secs() / 60).unwrap();
    match end.duration_since(SystemTime::now()) {
        Ok(left) => minutes(left),
        Err(ended) => -minutes(ended.duration()) - 1,
    }
}

/// The name of the variant.
fn kind(error: &CredentialsError) -> String {
    let text = format!("{error:?}");
    text[..text.find('(').unwrap_or(text.len())].to_owned()
}

/// What the causes say, the last one last, but for the whole response that one
/// of them shows, its date included.
fn causes(error: &CredentialsError) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    let causes = causes.map(|cause| {
        let text = cause.to_string();
        let end = text.find(". Response {").unwrap_or(text.len());
        text[..end].to_owned()
    });
    causes.collect::<Vec<_>>().join(": ")
}

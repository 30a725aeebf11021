//! aws-config under faults of the metadata service. It runs in a separate process,
//! because it reads the endpoint from the environment.

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

/// The argument that selects this client in the test program.
pub(crate) const COMMAND: &str = "--run-aws-config-with-faults";

/// Prints one line of JSON: the remaining minutes of the credentials, or the error.
pub(crate) fn run() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    println!("{}", runtime.block_on(load_credentials()));
    ExitCode::SUCCESS
}

async fn load_credentials() -> Value {
    // Without TLS, because the metadata service uses plain HTTP.
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
        Err(error) => json!({ "error": variant_name(&error), "message": error_causes(&error) }),
    }
}

/// Minutes until a time, negative in the past.
fn minutes_until(end: SystemTime) -> i64 {
    let minutes = |time: Duration| i64::try_from(time.as_secs() / 60).unwrap();
    match end.duration_since(SystemTime::now()) {
        Ok(left) => minutes(left),
        Err(ended) => -minutes(ended.duration()) - 1,
    }
}

/// The name of the error's variant.
fn variant_name(error: &CredentialsError) -> String {
    let text = format!("{error:?}");
    text[..text.find('(').unwrap_or(text.len())].to_owned()
}

/// The messages of the causes, outermost first, without the response that one of
/// them contains, because its date varies.
fn error_causes(error: &CredentialsError) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    let messages = causes.map(|cause| {
        let text = cause.to_string();
        let end = text.find(". Response {").unwrap_or(text.len());
        text[..end].to_owned()
    });
    messages.collect::<Vec<_>>().join(": ")
}

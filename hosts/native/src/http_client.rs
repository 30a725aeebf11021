//! The HTTP client of the commands that send requests to a server.

use std::time::Duration;

use ureq::Agent;

use crate::error::Failure;
use imdsim::constants::DEFAULT_ADDRESS;

/// Validates the URL of a server and removes a trailing slash. `what` names the
/// server and `place` the source of the URL, both for the error.
pub(crate) fn base_url(place: &str, url: &str, what: &str) -> Result<String, Failure> {
    let uri = url.parse::<http::Uri>().ok();
    let uri = uri.filter(|uri| uri.query().is_none());
    match uri.as_ref().and_then(http::Uri::scheme_str) {
        Some("https") if !cfg!(feature = "tls") => Err(Failure::new(
            place,
            format_args!("{url:?} needs TLS, but this program was built without it"),
            "give an address that begins with http://, or build it with the feature `tls`",
        )),
        Some("http" | "https") => Ok(url.trim_end_matches('/').to_owned()),
        _ => Err(Failure::new(
            place,
            format_args!("{url:?} is not the address of {what}"),
            format_args!("write it like http://{DEFAULT_ADDRESS}"),
        )),
    }
}

/// Returns a client that follows no redirects, reads no proxy variables, and
/// reports every status as a response.
pub(crate) fn agent(timeout: Duration) -> Agent {
    let config = Agent::config_builder()
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false)
        .timeout_global(Some(timeout));
    #[cfg(feature = "tls")]
    let config = config.tls_config(
        ureq::tls::TlsConfig::builder()
            .root_certs(ureq::tls::RootCerts::PlatformVerifier)
            .build(),
    );
    config.build().into()
}

//! Who may use the control API.
//!
//! With an admin token, whoever sends it. Without one, whoever asks for a
//! loopback host; and never a page of another origin, which a browser on the
//! same machine might have open.

use hmac::Mac as _;
use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::{HeaderMap, HeaderName, Request, StatusCode};

use super::problem::Refusal;
use crate::config::Config;
use crate::mac;

/// Lets a request pass, or says why not and what to do.
pub(super) fn check(config: &Config, request: &Request<Vec<u8>>) -> Result<(), Refusal> {
    let headers = request.headers();
    let host =
        text(headers, HOST).or_else(|| request.uri().authority().map(http::uri::Authority::as_str));
    if let Some(token) = &config.admin_token {
        let sent = text(headers, AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        if !sent.is_some_and(|sent| same(sent, token)) {
            return Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                "this call needs the admin token; send `Authorization: Bearer` with the value of \
                 IMDSIM_ADMIN_TOKEN",
            ));
        }
    } else if !host.is_some_and(is_loopback) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "without IMDSIM_ADMIN_TOKEN the control API answers to loopback hosts only; set it, \
             and send it as `Authorization: Bearer`",
        ));
    }
    if from_another_origin(headers, host) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "a browser sent this from another origin; call from a program or from this origin",
        ));
    }
    Ok(())
}

fn from_another_origin(headers: &HeaderMap, host: Option<&str>) -> bool {
    const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    let site = text(headers, FETCH_SITE);
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return true;
    }
    headers.get(ORIGIN).is_some_and(|origin| {
        let origin = origin.to_str().unwrap_or_default();
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        authority.is_none() || authority != host
    })
}

/// `localhost`, `127.x.x.x` or `[::1]`, with or without a port.
fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<http::uri::Authority>() else {
        return false;
    };
    let name = authority.host().trim_matches(['[', ']']);
    let address = name.parse::<std::net::IpAddr>();
    address.map_or_else(
        |_| name.eq_ignore_ascii_case("localhost"),
        |ip| ip.is_loopback(),
    )
}

/// Compares in constant time, whatever the lengths.
fn same(sent: &str, expected: &str) -> bool {
    let key = mac::derive(b"imdsim admission", &[expected]);
    let tag = |text: &str| key.clone().chain_update(text).finalize();
    tag(sent) == tag(expected)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[track_caller]
    fn check(admin_token: Option<&str>, headers: &[(&str, &str)], expected: Option<u16>) {
        let mut settings = Settings::default();
        if let Some(token) = admin_token {
            settings.set("", "admin_token", token).unwrap();
        }
        let config = Config::new(&settings).unwrap();
        let mut request = Request::builder().method("POST").uri("/_imdsim/reset");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let verdict = super::check(&config, &request.body(Vec::new()).unwrap());
        assert_eq!(
            verdict.err().map(|refusal| refusal.status().as_u16()),
            expected
        );
    }

    #[test]
    fn without_a_token_only_loopback_hosts_pass() {
        check(None, &[("host", "127.0.0.1:4719")], None);
        check(None, &[("host", "localhost")], None);
        check(None, &[("host", "[::1]:4719")], None);
        check(None, &[("host", "127.0.0.1.example.com")], Some(403));
        check(None, &[("host", "preview.example.com")], Some(403));
        check(None, &[], Some(403));
    }

    #[test]
    fn with_a_token_whoever_sends_it_passes() {
        let host = ("host", "preview.example.com");
        check(Some("s"), &[host, ("authorization", "Bearer s")], None);
        check(Some("s"), &[host, ("authorization", "Bearer t")], Some(401));
        check(Some("s"), &[("host", "localhost")], Some(401));
    }

    #[test]
    fn a_page_of_another_origin_is_refused() {
        let host = ("host", "localhost:4719");
        check(None, &[host, ("origin", "http://localhost:4719")], None);
        check(None, &[host, ("origin", "http://evil.example")], Some(403));
        check(None, &[host, ("origin", "null")], Some(403));
        check(None, &[host, ("sec-fetch-site", "cross-site")], Some(403));
        check(None, &[host, ("sec-fetch-site", "none")], None);
    }
}

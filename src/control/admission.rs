//! Access control for the control API and for real credentials.
//!
//! With an admin token, only requests that carry it are admitted. Without one,
//! only clients connected over loopback that address a loopback host are admitted.
//! Anyone can send any `Host`, so where the host program does not report the peer
//! address, a setting must declare that it listens on loopback only. Cross-origin
//! pages, such as one open in a local browser, are never admitted.
//!
//! DNS rebinding can make a page same-origin, but its `Host` gives it away.

use http::header::{AUTHORIZATION, CONTENT_TYPE, ORIGIN, REFERER, USER_AGENT};
use http::{HeaderMap, HeaderName, Method, Request, StatusCode};
use subtle::ConstantTimeEq as _;

use super::problem::Refusal;
use crate::config::Config;
use crate::constants;
use crate::host_header;
use crate::instance::Instance;
use crate::request_context::Connection;

/// Admits a control call, or returns a refusal with the remedy.
pub(super) fn check(
    config: &Config,
    connection: Connection,
    request: &Request<Vec<u8>>,
) -> Result<(), Refusal> {
    let host = host_header::of(request);
    match &config.admin_token {
        Some(token) => with_token(request.headers(), token)?,
        None => without_token(config, connection, host)?,
    }
    if is_cross_origin(request, host) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "a browser sent this from another origin; call from a program or from this origin",
        ));
    }
    Ok(())
}

fn with_token(headers: &HeaderMap, token: &str) -> Result<(), Refusal> {
    let (scheme, sent) = text(headers, AUTHORIZATION)
        .and_then(|value| value.split_once(' '))
        .unwrap_or_default();
    if scheme.eq_ignore_ascii_case("Bearer")
        && bool::from(sent.trim_start().as_bytes().ct_eq(token.as_bytes()))
    {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::UNAUTHORIZED,
        "this call needs the admin token; send `Authorization: Bearer` with the value of \
         IMDSIM_ADMIN_TOKEN",
    ))
}

fn without_token(
    config: &Config,
    connection: Connection,
    host: Option<&str>,
) -> Result<(), Refusal> {
    let detail = match connection {
        Connection::Remote => {
            "without an admin token the control API answers on loopback connections only, and \
             this is not one; set IMDSIM_ADMIN_TOKEN (--admin-token) and send it as \
             `Authorization: Bearer`, or add `--addr 127.0.0.1:4719` and call that address"
        }
        Connection::Unknown if !config.loopback_only => {
            "without an admin token the control API is closed on hosts that do not report \
             the peer address; set IMDSIM_ADMIN_TOKEN and send it as `Authorization: Bearer`, or, \
             if this host listens on loopback only, set IMDSIM_LOOPBACK_ONLY=true"
        }
        _ if !host.is_some_and(host_header::is_loopback) => {
            "without IMDSIM_ADMIN_TOKEN the control API answers to loopback hosts only; set it, \
             and send it as `Authorization: Bearer`"
        }
        _ => return Ok(()),
    };
    Err(Refusal::new(StatusCode::FORBIDDEN, detail))
}

/// Admits a metadata request unless DNS rebinding could expose real credentials
/// to a page. Browsers always send a host.
pub(super) fn check_host(
    config: &Config,
    instance: &Instance,
    request: &Request<Vec<u8>>,
) -> Result<(), Refusal> {
    if !instance.serves_real_credentials() {
        return Ok(());
    }
    let is_allowed = |host: &str| {
        let mut names = config.allow_hosts.iter();
        host_header::is_own(host) || names.any(|name| host_header::is_named(host, name))
    };
    if host_header::of(request).is_none_or(is_allowed) {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::FORBIDDEN,
        "with real credentials only loopback and link-local hosts and instance-data are answered; \
         allow this name by --allow-host NAME or IMDSIM_ALLOW_HOSTS",
    ))
}

fn is_cross_origin(request: &Request<Vec<u8>>, host: Option<&str>) -> bool {
    let headers = request.headers();
    let site = text(headers, constants::FETCH_SITE);
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return true;
    }
    // Old browsers send forms without `Origin`, usually with `Referer`.
    match headers.get(ORIGIN).or_else(|| headers.get(REFERER)) {
        Some(page) => {
            let page = page.to_str().unwrap_or_default();
            let rest = page.split_once("://").map(|(_, rest)| rest);
            rest.and_then(|rest| rest.split('/').next()) != host
        }
        None => site.is_none() && is_browser_form(request),
    }
}

/// Whether this could be a browser's form, the only cross-origin change that
/// browsers send without a preflight request.
fn is_browser_form(request: &Request<Vec<u8>>) -> bool {
    const FORMS: [&str; 3] = [
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "text/plain",
    ];
    let headers = request.headers();
    let is_browser = text(headers, USER_AGENT).is_some_and(|agent| agent.starts_with("Mozilla/"));
    let media_type = text(headers, CONTENT_TYPE).unwrap_or(FORMS[0]);
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    is_browser
        && request.method() == Method::POST
        && FORMS
            .iter()
            .any(|form| media_type.eq_ignore_ascii_case(form))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn config(settings: &[(&str, &str)]) -> Config {
        let mut given = Settings::default();
        for (key, text) in settings {
            given.set("", key, text).unwrap();
        }
        Config::new(&given).unwrap()
    }

    fn request(headers: &[(&str, &str)]) -> Request<Vec<u8>> {
        let mut request = Request::builder().method("POST").uri("/_imdsim/reset");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Vec::new()).unwrap()
    }

    #[track_caller]
    fn check_from(
        connection: Connection,
        settings: &[(&str, &str)],
        headers: &[(&str, &str)],
        expected: Option<u16>,
    ) {
        let verdict = super::check(&config(settings), connection, &request(headers));
        assert_eq!(
            verdict.err().map(|refusal| refusal.status().as_u16()),
            expected
        );
    }

    /// Checks a request over loopback, with or without an admin token.
    #[track_caller]
    fn check(admin_token: Option<&str>, headers: &[(&str, &str)], expected: Option<u16>) {
        let settings: Vec<_> = admin_token
            .map(|token| ("admin_token", token))
            .into_iter()
            .collect();
        check_from(Connection::Loopback, &settings, headers, expected);
    }

    #[test]
    fn without_a_token_only_loopback_hosts_are_admitted() {
        check(None, &[("host", "127.0.0.1:4719")], None);
        check(None, &[("host", "localhost")], None);
        check(None, &[("host", "[::1]:4719")], None);
        check(None, &[("host", "127.0.0.1.example.com")], Some(403));
        check(None, &[("host", "preview.example.com")], Some(403));
        check(None, &[], Some(403));
    }

    #[test]
    fn without_a_token_remote_clients_are_rejected() {
        for host in ["127.0.0.1:4719", "localhost", "[::1]", "192.0.2.7"] {
            for only in ["false", "true"] {
                let settings = [("loopback_only", only)];
                check_from(Connection::Remote, &settings, &[("host", host)], Some(403));
            }
        }
        let (settings, host) = ([("admin_token", "s")], ("host", "localhost"));
        let sent = [host, ("authorization", "Bearer s")];
        check_from(Connection::Remote, &settings, &sent, None);
        check_from(Connection::Remote, &settings, &[host], Some(401));
    }

    #[test]
    fn without_a_peer_address_a_setting_admits_loopback_hosts() {
        let only = |text| [("loopback_only", text)];
        let localhost = [("host", "localhost")];
        check_from(Connection::Unknown, &[], &localhost, Some(403));
        check_from(Connection::Unknown, &only("false"), &localhost, Some(403));
        check_from(Connection::Unknown, &only("true"), &localhost, None);
        let elsewhere = [("host", "preview.example.com")];
        check_from(Connection::Unknown, &only("true"), &elsewhere, Some(403));
    }

    #[test]
    fn with_a_token_its_senders_are_admitted() {
        let host = ("host", "preview.example.com");
        check(Some("s"), &[host, ("authorization", "Bearer s")], None);
        check(Some("s"), &[host, ("authorization", "bearer s")], None);
        check(Some("s"), &[host, ("authorization", "BEARER  s")], None);
        check(Some("s"), &[host, ("authorization", "Bearer t")], Some(401));
        check(Some("s"), &[host, ("authorization", "Basic s")], Some(401));
        check(Some("s"), &[host, ("authorization", "Bearers")], Some(401));
        check(Some("s"), &[("host", "localhost")], Some(401));
    }

    #[test]
    fn cross_origin_pages_are_rejected() {
        let host = ("host", "localhost:4719");
        check(None, &[host, ("origin", "http://localhost:4719")], None);
        check(None, &[host, ("origin", "http://evil.example")], Some(403));
        check(None, &[host, ("origin", "null")], Some(403));
        check(None, &[host, ("sec-fetch-site", "cross-site")], Some(403));
        check(None, &[host, ("sec-fetch-site", "none")], None);
        check(None, &[host, ("referer", "http://localhost:4719/x")], None);
        check(
            None,
            &[host, ("referer", "http://evil.example/")],
            Some(403),
        );
    }

    #[test]
    fn forms_without_origin_are_rejected_from_browsers_only() {
        let host = ("host", "localhost:4719");
        let form = (
            "content-type",
            "application/x-www-form-urlencoded; charset=UTF-8",
        );
        let browser = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)");
        check(None, &[host, form, ("user-agent", "curl/8.14.1")], None);
        check(None, &[host, form], None);
        check(None, &[host, form, browser], Some(403));
        check(None, &[host, browser], Some(403));
        check(
            None,
            &[host, ("content-type", "Text/Plain"), browser],
            Some(403),
        );
        check(
            None,
            &[host, ("content-type", "application/json"), browser],
            None,
        );
        let own = ("origin", "http://localhost:4719");
        check(None, &[host, form, browser, own], None);
        let own = ("sec-fetch-site", "same-origin");
        check(None, &[host, form, browser, own], None);
    }

    const REAL: &str = r#"{"AccessKeyId": "ASIAREAL", "SecretAccessKey": "s", "SessionToken": "t",
        "Expiration": "2030-01-01T00:00:00Z"}"#;

    #[track_caller]
    fn serves(settings: &[(&str, &str)], host: &str, expected: bool) {
        let config = config(settings);
        let verdict = check_host(&config, &config.instance, &request(&[("host", host)]));
        assert_eq!(verdict.is_ok(), expected, "{host}");
    }

    #[test]
    fn real_credentials_require_a_host_out_of_reach_of_pages() {
        let real = ("credentials", REAL);
        for host in [
            "127.0.0.1",
            "localhost:4719",
            "169.254.169.254",
            "instance-data",
        ] {
            serves(&[real], host, true);
        }
        for host in ["evil.example", "imds", "10.0.0.7:80"] {
            serves(&[real], host, false);
            serves(&[], host, true);
        }
        let allowed = ("allow_hosts", "imds, Metadata.internal,10.0.0.7");
        for host in ["imds:80", "metadata.INTERNAL", "10.0.0.7:80"] {
            serves(&[real, allowed], host, true);
        }
        serves(&[real, allowed], "evil.example", false);
    }
}

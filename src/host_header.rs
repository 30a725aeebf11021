//! The `Host` of a request, and the names of this machine.

use std::net::IpAddr;

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Request};

use crate::constants::{SERVICE_IPV6, SERVICE_NAMES};

/// Returns the host of a request with its port. A host that is not text becomes
/// the empty string, which matches no name.
pub(crate) fn of<B>(request: &Request<B>) -> Option<&str> {
    match request.headers().get(HOST) {
        Some(value) => Some(value.to_str().unwrap_or_default()),
        None => request.uri().authority().map(Authority::as_str),
    }
}

/// Whether there is more than one `Host`, which requires a 400 (RFC 9112,
/// section 3.2).
pub(crate) fn is_repeated(headers: &HeaderMap) -> bool {
    headers.get_all(HOST).iter().nth(1).is_some()
}

/// Parses a host name without a port.
pub(crate) fn read_name(text: &str) -> Option<String> {
    let authority = text.parse::<Authority>().ok()?;
    (authority.host() == text).then(|| canonical(text).to_ascii_lowercase())
}

/// `localhost` or a loopback address, with or without a port.
pub(crate) fn is_loopback(host: &str) -> bool {
    match address(host) {
        Some(ip) => ip.is_loopback(),
        None => is_named(host, "localhost"),
    }
}

/// Whether a host is loopback, link-local, or a name of the service. No page of
/// another origin can have such a name (DNS rebinding).
pub(crate) fn is_own(host: &str) -> bool {
    let is_link_local = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip == SERVICE_IPV6,
    };
    is_loopback(host)
        || address(host).is_some_and(is_link_local)
        || SERVICE_NAMES.iter().any(|name| is_named(host, name))
}

/// Whether a host, with or without a port, has this name.
pub(crate) fn is_named(host: &str, name: &str) -> bool {
    let authority = host.parse::<Authority>();
    authority.is_ok_and(|authority| canonical(authority.host()).eq_ignore_ascii_case(name))
}

/// Parses a host that is an IP address.
fn address(host: &str) -> Option<IpAddr> {
    let authority = host.parse::<Authority>().ok()?;
    let name = authority.host().trim_matches(['[', ']']);
    Some(name.parse::<IpAddr>().ok()?.to_canonical())
}

/// Removes the final dot of an absolute name.
fn canonical(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_hosts_are_known_by_name_and_address() {
        for host in [
            "127.0.0.1:4719",
            "127.8.0.1",
            "localhost",
            "LocalHost.:80",
            "[::1]:4719",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_loopback(host) && is_own(host), "{host}");
        }
        for host in [
            "",
            "127.0.0.1.example.com",
            "localhost.example.com",
            "169.254.169.254",
            "0.0.0.0",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn link_local_addresses_and_the_names_of_the_service_are_the_instances_own() {
        for host in [
            "169.254.169.254",
            "169.254.1.2:4719",
            "[fe80::1]:80",
            "[fd00:ec2::254]",
            "instance-data",
            "Instance-Data.EC2.Internal:80",
        ] {
            assert!(is_own(host) && !is_loopback(host), "{host}");
        }
        for host in ["example.com", "10.0.0.1", "[fd00:ec2::253]", "user@", ""] {
            assert!(!is_own(host), "{host}");
        }
    }

    #[test]
    fn listed_names_have_no_port() {
        assert_eq!(read_name("IMDS.internal.").unwrap(), "imds.internal");
        assert_eq!(read_name("[fd00::1]").unwrap(), "[fd00::1]");
        for text in ["", "imds:80", "http://imds", "user@imds", "a b"] {
            assert_eq!(read_name(text), None, "{text}");
        }
        assert!(is_named("Imds:80", "imds"));
        assert!(!is_named("imds.example.com", "imds"));
    }
}

//! The absolute form of a request, which names the target server: `GET
//! http://169.254.169.254/latest/ HTTP/1.1`.
//!
//! Clients with the service's address built in send it when `http_proxy` is
//! this program. Nothing is forwarded: requests for other servers are rejected.
//!
//! The target replaces `Host`, which the control API checks along with the ends
//! of the connection. A loopback name is accepted only on connections to a
//! loopback address, and the address of the service is not a loopback name.

use std::net::{IpAddr, SocketAddr};

use http::header::HOST;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Method, Request, Uri};

use imdsim::constants::{SERVICE_IPV4, SERVICE_IPV6, SERVICE_NAMES, SERVICE_PORT};

/// The response body for a request to another server.
pub(crate) const REFUSAL: &str = "imdsim is not a proxy: it answers for 169.254.169.254, \
    [fd00:ec2::254] and instance-data on port 80, and for its own address; add this host to \
    no_proxy, or unset http_proxy\n";

/// A request for another server.
#[derive(Debug)]
pub(crate) struct MeantForOthers;

/// Rewrites a request from the absolute form to the usual one. Of a request for
/// another server only the server's name is kept, because paths and queries of
/// other services contain secrets.
pub(crate) fn direct<B>(request: &mut Request<B>, local: SocketAddr) -> Result<(), MeantForOthers> {
    let Some(authority) = request.uri().authority() else {
        return Ok(());
    };
    let server = authority.as_str();
    let server = server.rsplit('@').next().unwrap_or(server).to_owned();
    let is_plain = request.uri().scheme() == Some(&Scheme::HTTP);
    let is_tunnel = request.method() == Method::CONNECT;
    let host = HeaderValue::from_str(&server);
    let (true, false, true, Ok(host)) = (is_plain, is_tunnel, is_here(&server, local), host) else {
        *request.uri_mut() = server.parse().unwrap_or_default();
        return Err(MeantForOthers);
    };
    // Duplicate `Host` headers are left for the component to reject.
    if request.headers().get_all(HOST).iter().nth(1).is_none() {
        request.headers_mut().insert(HOST, host);
    }
    let target = request.uri().path_and_query().cloned();
    *request.uri_mut() = target.map_or(Uri::from_static("/"), Uri::from);
    Ok(())
}

/// Whether the target is the service, or this program at the connection's local
/// address.
fn is_here(server: &str, local: SocketAddr) -> bool {
    let Ok(authority) = server.parse::<Authority>() else {
        return false;
    };
    let host = authority.host();
    let port = match server.strip_prefix(host) {
        Some("") => Some(SERVICE_PORT),
        rest => rest.and_then(|rest| rest.strip_prefix(':')?.parse().ok()),
    };
    let own = local.ip().to_canonical();
    let (is_service, is_own) = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => (
            address == SERVICE_IPV4 || address == SERVICE_IPV6,
            address == own,
        ),
        Err(_) => (
            SERVICE_NAMES
                .iter()
                .any(|name| host.eq_ignore_ascii_case(name)),
            host.eq_ignore_ascii_case("localhost") && own.is_loopback(),
        ),
    };
    (is_service && port == Some(SERVICE_PORT)) || (is_own && port == Some(local.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The host and target of the rewritten request.
    fn directed(method: &str, target: &str, local: &str) -> Option<(String, String)> {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(HOST, "elsewhere.example");
        let mut request = request.body(()).unwrap();
        let result = direct(&mut request, local.parse().unwrap());
        let host = request.headers()[HOST].to_str().unwrap().to_owned();
        result.is_ok().then(|| (host, request.uri().to_string()))
    }

    #[track_caller]
    fn answered(server: &str, local: &str) {
        let target = format!("http://{server}/latest/?a=b");
        let directed = directed("GET", &target, local);
        assert_eq!(directed, Some((server.into(), "/latest/?a=b".into())));
    }

    #[track_caller]
    fn refused(server: &str, local: &str) {
        let target = format!("http://{server}/latest/");
        assert_eq!(directed("GET", &target, local), None, "{target}");
    }

    const LOCAL: &str = "127.0.0.1:4719";

    #[test]
    fn every_name_of_the_service_is_accepted() {
        for server in [
            "169.254.169.254",
            "169.254.169.254:80",
            "[fd00:ec2::254]",
            "[FD00:EC2:0::254]:80",
            "instance-data",
            "Instance-Data.EC2.internal:80",
        ] {
            answered(server, LOCAL);
            answered(server, "192.0.2.7:80");
        }
    }

    #[test]
    fn other_ports_of_the_service_are_rejected() {
        for server in [
            "169.254.169.254:4719",
            "169.254.169.254:65616",
            "[fd00:ec2::254]:443",
            "instance-data:8080",
        ] {
            refused(server, LOCAL);
        }
    }

    #[test]
    fn the_local_address_of_the_connection_is_accepted() {
        answered("127.0.0.1:4719", LOCAL);
        answered("localhost:4719", LOCAL);
        answered("localhost:4719", "[::1]:4719");
        answered("[::1]:4719", "[::1]:4719");
        answered("192.0.2.7", "192.0.2.7:80");
        answered("192.0.2.7", "[::ffff:192.0.2.7]:80");
    }

    #[test]
    fn a_loopback_name_is_accepted_on_loopback_only() {
        refused("127.0.0.1:4719", "192.0.2.7:4719");
        refused("localhost:4719", "192.0.2.7:4719");
        refused("127.0.0.1", LOCAL);
        refused("localhost", LOCAL);
        refused("[::1]:4719", LOCAL);
    }

    #[test]
    fn other_servers_are_rejected() {
        for server in [
            "example.com",
            "169.254.169.253",
            "169.254.170.2",
            "169.254.169.254.example.com",
            "instance-data.example.com",
            "127.0.0.1:4719@example.com",
        ] {
            refused(server, LOCAL);
        }
        assert_eq!(directed("GET", "https://169.254.169.254/", LOCAL), None);
        assert_eq!(directed("CONNECT", "169.254.169.254:80", LOCAL), None);
    }

    #[test]
    fn a_rejected_request_keeps_no_secret() {
        let target = "http://user:word@example.com/bucket?X-Amz-Signature=1";
        let mut request = Request::get(target).body(()).unwrap();
        direct(&mut request, LOCAL.parse().unwrap()).unwrap_err();
        assert_eq!(request.uri(), "example.com");
    }

    #[test]
    fn user_info_is_not_part_of_the_host() {
        let directed = directed("GET", "http://user:word@169.254.169.254", LOCAL);
        assert_eq!(directed, Some(("169.254.169.254".into(), "/".into())));
    }

    #[test]
    fn duplicate_hosts_are_left_for_the_component_to_reject() {
        let request = Request::get("http://169.254.169.254/latest/");
        let request = request.header(HOST, "a").header(HOST, "b");
        let mut request = request.body(()).unwrap();
        direct(&mut request, LOCAL.parse().unwrap()).unwrap();
        assert_eq!(request.headers().get_all(HOST).iter().count(), 2);
        assert_eq!(request.uri(), "/latest/");
    }

    #[test]
    fn the_origin_form_is_unchanged() {
        let directed = directed("GET", "//latest/", "192.0.2.7:80");
        assert_eq!(
            directed,
            Some(("elsewhere.example".into(), "//latest/".into()))
        );
    }
}

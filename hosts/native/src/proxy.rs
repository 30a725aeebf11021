//! The proxy form of a request, which names the server that it is meant for:
//! `GET http://169.254.169.254/latest/ HTTP/1.1`.
//!
//! Clients that have the address of the service built in send it when
//! `http_proxy` is this program. Nothing is ever passed on: what is meant for
//! another server is refused.
//!
//! The name takes the place of `Host`, and the control API looks at that beside
//! the ends of the connection. A loopback name is taken only from connections
//! to a loopback address, and the address of the service is no loopback name.

use std::net::{IpAddr, SocketAddr};

use http::header::HOST;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Method, Request, Uri};

use crate::constants::{SERVICE_IPV4, SERVICE_IPV6, SERVICE_PORT};

/// What the service is called in EC2's own DNS.
const NAMES: [&str; 2] = ["instance-data", "instance-data.ec2.internal"];

/// What the client of another server is told.
pub(crate) const REFUSAL: &str = "imdsim is no proxy: it answers for 169.254.169.254, \
    [fd00:ec2::254] and instance-data on port 80, and for its own address; have this host in \
    no_proxy, or unset http_proxy\n";

/// A request for another server.
#[derive(Debug)]
pub(crate) struct MeantForOthers;

/// Makes of a request in the proxy form the same one in the usual form. Of one
/// that is meant for others only the name of the server is left, for paths and
/// queries of other services hold secrets.
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
    // More than one is refused, here as elsewhere.
    if request.headers().get_all(HOST).iter().nth(1).is_none() {
        request.headers_mut().insert(HOST, host);
    }
    let target = request.uri().path_and_query().cloned();
    *request.uri_mut() = target.map_or(Uri::from_static("/"), Uri::from);
    Ok(())
}

/// Whether the service is meant, or this program under the address that the
/// connection was made to.
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
            NAMES.iter().any(|name| host.eq_ignore_ascii_case(name)),
            host.eq_ignore_ascii_case("localhost") && own.is_loopback(),
        ),
    };
    (is_service && port == Some(SERVICE_PORT)) || (is_own && port == Some(local.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The request as it goes on: its host and target.
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
    fn the_service_is_here_under_all_its_names() {
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
    fn the_service_has_no_other_port() {
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
    fn the_program_is_here_under_the_address_of_the_connection() {
        answered("127.0.0.1:4719", LOCAL);
        answered("localhost:4719", LOCAL);
        answered("localhost:4719", "[::1]:4719");
        answered("[::1]:4719", "[::1]:4719");
        answered("192.0.2.7", "192.0.2.7:80");
        answered("192.0.2.7", "[::ffff:192.0.2.7]:80");
    }

    #[test]
    fn a_loopback_name_is_taken_from_loopback_only() {
        refused("127.0.0.1:4719", "192.0.2.7:4719");
        refused("localhost:4719", "192.0.2.7:4719");
        refused("127.0.0.1", LOCAL);
        refused("localhost", LOCAL);
        refused("[::1]:4719", LOCAL);
    }

    #[test]
    fn whatever_is_elsewhere_is_refused() {
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
    fn what_is_refused_keeps_no_secret() {
        let target = "http://user:word@example.com/bucket?X-Amz-Signature=1";
        let mut request = Request::get(target).body(()).unwrap();
        direct(&mut request, LOCAL.parse().unwrap()).unwrap_err();
        assert_eq!(request.uri(), "example.com");
    }

    #[test]
    fn credentials_for_the_server_are_no_part_of_its_name() {
        let directed = directed("GET", "http://user:word@169.254.169.254", LOCAL);
        assert_eq!(directed, Some(("169.254.169.254".into(), "/".into())));
    }

    #[test]
    fn more_than_one_host_stays_for_the_component_to_refuse() {
        let request = Request::get("http://169.254.169.254/latest/");
        let request = request.header(HOST, "a").header(HOST, "b");
        let mut request = request.body(()).unwrap();
        direct(&mut request, LOCAL.parse().unwrap()).unwrap();
        assert_eq!(request.headers().get_all(HOST).iter().count(), 2);
        assert_eq!(request.uri(), "/latest/");
    }

    #[test]
    fn the_usual_form_is_left_alone() {
        let directed = directed("GET", "//latest/", "192.0.2.7:80");
        assert_eq!(
            directed,
            Some(("elsewhere.example".into(), "//latest/".into()))
        );
    }
}

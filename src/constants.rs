//! Constants that several modules share: addresses and ports, environment
//! variables, and the wire format: header names, media types, paths and fixed
//! bodies.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};

use http::HeaderName;
use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, IF_MATCH, ORIGIN, REFERER, USER_AGENT,
};

/// The prefix of the program's environment variables.
pub const VARIABLE_PREFIX: &str = "IMDSIM_";

/// The variable that holds a whole settings document. The component gets all
/// settings in it, and no other variable.
pub const DOCUMENT_VARIABLE: &str = "IMDSIM_CONFIG";

/// The variable that holds the URL of a running emulator.
pub const URL_VARIABLE: &str = "IMDSIM_URL";

/// The variable that holds the bearer token for the control API.
pub const ADMIN_TOKEN_VARIABLE: &str = "IMDSIM_ADMIN_TOKEN";

/// The variable in which AWS SDKs look for the URL of the metadata service.
pub const ENDPOINT_VARIABLE: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";

/// The default port of an emulator.
pub const DEFAULT_PORT: u16 = 4719;

/// The default address of an emulator.
pub const DEFAULT_ADDRESS: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, DEFAULT_PORT);

/// The IPv4 address of the metadata service on an instance.
pub const SERVICE_IPV4: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

/// The IPv6 address of the metadata service on an instance.
pub const SERVICE_IPV6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// The IPv4 socket address of the metadata service.
pub const SERVICE_IPV4_ADDRESS: SocketAddrV4 = SocketAddrV4::new(SERVICE_IPV4, SERVICE_PORT);

/// The IPv6 socket address of the metadata service.
pub const SERVICE_IPV6_ADDRESS: SocketAddrV6 = SocketAddrV6::new(SERVICE_IPV6, SERVICE_PORT, 0, 0);

/// The port of the metadata service.
pub const SERVICE_PORT: u16 = 80;

/// The names of the metadata service in EC2's DNS.
pub const SERVICE_NAMES: [&str; 2] = ["instance-data", "instance-data.ec2.internal"];

/// The session token of IMDSv2.
pub const TOKEN: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
/// The lifetime of a token in seconds: requested in a request, remaining in a
/// response.
pub const TOKEN_TTL: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");
/// The mark of a request through a proxy; token requests with it are rejected.
pub const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whether a browser sends a request for a page of another origin.
pub const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The client's address, set by hosts that know it.
pub const PEER: HeaderName = HeaderName::from_static("x-imdsim-peer");

/// The request headers that a response or journal entry can depend on. Most depend
/// on the first two at most, those with a journal on three, and those with
/// [`Config::mock_ip_count`](crate::Config::mock_ip_count) on four.
pub static REQUEST_HEADERS: [HeaderName; 13] = [
    TOKEN,
    HOST,
    USER_AGENT,
    PEER,
    TOKEN_TTL,
    FORWARDED_FOR,
    AUTHORIZATION,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    FETCH_SITE,
    IF_MATCH,
    ORIGIN,
    REFERER,
];

/// The normalized path of token requests.
pub const TOKEN_PATH: &str = "latest/api/token";

/// The `Server` header of the service.
pub const SERVER: &str = "EC2ws";
/// The `Accept-Ranges` header on metadata.
pub const NO_RANGES: &str = "none";
/// The `Allow` header on metadata.
pub const ALLOW_METADATA: &str = "OPTIONS, GET, HEAD";
/// The `Allow` header on the token path.
pub const ALLOW_TOKEN: &str = "OPTIONS, PUT";

/// The media type of all metadata, JSON documents included (reference 5.1).
pub const TEXT: &str = "text/plain";
/// The media type of user data.
pub const OCTETS: &str = "application/octet-stream";
/// The media type of the page below.
pub const HTML: &str = "text/html";

/// The 404 page of the Nitro back end: 339 bytes, the third line indented by
/// two tabs and a space, a newline at the end (reference 5.3).
pub const NOT_FOUND_PAGE: &str = "\
<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>
<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"
\t\t \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">
<html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">
 <head>
  <title>404 - Not Found</title>
 </head>
 <body>
  <h1>404 - Not Found</h1>
 </body>
</html>
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_not_found_page_is_the_captured_one() {
        use sha2::{Digest as _, Sha256};
        let sum = Sha256::digest(NOT_FOUND_PAGE);
        assert_eq!(NOT_FOUND_PAGE.len(), 339);
        assert_eq!(
            crate::hex::encode(&sum),
            "3f92bfc0961a4bf4e83938c708afb562018c698f4a2775acc4d59879c33aa39c"
        );
    }
}

//! Names and addresses that several modules of the program use.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};

/// The prefix of the program's environment variables.
pub(crate) const VARIABLE_PREFIX: &str = "IMDSIM_";

/// The variable that holds a whole settings document. The component gets all
/// settings in it, and no other variable.
pub(crate) const DOCUMENT_VARIABLE: &str = "IMDSIM_CONFIG";

/// The variable that holds the URL of a running emulator.
pub(crate) const URL_VARIABLE: &str = "IMDSIM_URL";

/// The variable that holds the bearer token for the control API.
pub(crate) const ADMIN_TOKEN_VARIABLE: &str = "IMDSIM_ADMIN_TOKEN";

/// The variable in which AWS SDKs look for the URL of the metadata service.
pub(crate) const ENDPOINT_VARIABLE: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";

/// The default port of an emulator.
pub(crate) const DEFAULT_PORT: u16 = 4719;

/// The default address of an emulator.
pub(crate) const DEFAULT_ADDRESS: SocketAddrV4 =
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, DEFAULT_PORT);

/// The IPv4 address of the metadata service on an instance.
pub(crate) const SERVICE_IPV4: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

/// The IPv6 address of the metadata service on an instance.
pub(crate) const SERVICE_IPV6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// The IPv4 socket address of the metadata service.
pub(crate) const SERVICE_IPV4_ADDRESS: SocketAddrV4 = SocketAddrV4::new(SERVICE_IPV4, SERVICE_PORT);

/// The IPv6 socket address of the metadata service.
pub(crate) const SERVICE_IPV6_ADDRESS: SocketAddrV6 =
    SocketAddrV6::new(SERVICE_IPV6, SERVICE_PORT, 0, 0);

/// The port of the metadata service.
pub(crate) const SERVICE_PORT: u16 = 80;

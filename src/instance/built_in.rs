//! The instance that is there when nobody describes one.

use crate::time::UnixMillis;

pub(super) const INSTANCE_ID: &str = "i-0123456789abcdef0";
pub(super) const ACCOUNT_ID: &str = "123456789012";
pub(super) const ROLE_NAME: &str = "imdsim-role";
pub(super) const REGION: &str = "us-east-1";
/// Its number in its subnet; the first four and the last are EC2's own.
pub(super) const HOST: u32 = 10;
/// `10.0.0.0/20` is the subnet, `10.0.0.0/16` the VPC.
pub(super) const PRIVATE_IPV4: std::net::Ipv4Addr = std::net::Ipv4Addr::new(10, 0, 0, 10);
/// 2026-01-01T00:00:00Z.
pub(super) const LAUNCH_TIME: UnixMillis = UnixMillis::from_seconds(1_767_225_600);

/// A Nitro instance in us-east-1 with a role, a key pair and a tag. What is
/// not here follows, as for any description.
pub(crate) const DOCUMENT: &str = r#"{
    "IamInstanceProfile": {},
    "KeyName": "imdsim-key",
    "Tags": [{ "Key": "Name", "Value": "imdsim" }]
}"#;

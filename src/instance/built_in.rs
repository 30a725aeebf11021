//! The facts of the default instance, which are also the defaults of others.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::time::UnixMillis;

pub(super) const INSTANCE_ID: &str = "i-0123456789abcdef0";
pub(super) const ACCOUNT_ID: &str = "123456789012";
pub(super) const ROLE_NAME: &str = "imdsim-role";
pub(super) const REGION: &str = "us-east-1";
/// The offset in the subnet; EC2 reserves the first four addresses and the last.
pub(super) const HOST: u32 = 10;
/// In the subnet `10.0.0.0/20` of the VPC `10.0.0.0/16`.
pub(super) const PRIVATE_IPV4: std::net::Ipv4Addr = std::net::Ipv4Addr::new(10, 0, 0, 10);
/// 2026-01-01T00:00:00Z.
pub(super) const LAUNCH_TIME: UnixMillis = UnixMillis::from_seconds(1_767_225_600);

/// The description of a Nitro instance in us-east-1 with a role, a key pair and a
/// tag, as [`Description::read`](crate::description::Description::read) returns it.
/// Everything else is derived as for any other description.
pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "IamInstanceProfile": {},
        "Imdsim": {},
        "KeyName": "imdsim-key",
        "Tags": [{ "Key": "Name", "Value": "imdsim" }],
    })
});

//! The `Imdsim` object: facts of the metadata service that
//! `DescribeInstances` does not carry. Each has a sensible default.

use serde::Deserialize;

use super::fields::described;
use super::values::{Base64, Time};

described! {
    /// `Imdsim` of an instance.
    Extras {
        /// The account that owns it, 12 digits. Default: the reservation's owner.
        account_id: Option<String>,
        /// For instance `us-east-1`. Default: from the availability zone.
        region: Option<String>,
        /// `aws`, `aws-cn`, `aws-us-gov`. Default: from the Region.
        partition: Option<String>,
        /// For instance `amazonaws.com`. Default: from the partition.
        services_domain: Option<String>,
        /// For instance `use1-az6`. Default: from the zone's letter.
        availability_zone_id: Option<String>,
        /// The reservation, where the document is one instance alone.
        reservation_id: Option<String>,
        /// The manifest's path in S3. Default: `(unknown)`, as for EBS images.
        ami_manifest_path: Option<String>,
        /// The images this one was rebundled from.
        ancestor_ami_ids: Vec<String>,
        /// The virtualisation profile. Default: `default-hvm`.
        profile: Option<String>,
        /// The hypervisor. Default: `nitro`.
        system: Option<String>,
        /// `none`, `shutdown` or `bundle-pending`.
        instance_action: Option<String>,
        /// Default: from `InstanceLifecycle`, else `on-demand`.
        instance_life_cycle: Option<String>,
        /// The `version` of the identity document. Default: `2017-09-30`.
        identity_document_version: Option<String>,
        /// The identity document's `pendingTime`. Default: `LaunchTime`.
        pending_time: Option<Time>,
        /// `block-device-mapping/ami`. Default: the root device without `/dev/`.
        block_device_ami: Option<String>,
        /// The API versions it serves, oldest first; `latest` may be left out.
        api_versions: Vec<String>,
        /// User data, in base64, at most 16,384 bytes decoded.
        user_data: Option<Base64>,
        /// The public keys. Default: one made up for `KeyName`.
        public_keys: Vec<PublicKey>,
        /// The role in the instance profile. Default: the profile's name.
        role_name: Option<String>,
        /// The IPv4 block of the first interface's subnet.
        subnet_ipv4_cidr_block: Option<String>,
        /// The IPv6 blocks of the first interface's subnet.
        subnet_ipv6_cidr_blocks: Vec<String>,
        /// The first IPv4 block of its VPC.
        vpc_ipv4_cidr_block: Option<String>,
        /// All IPv4 blocks of its VPC.
        vpc_ipv4_cidr_blocks: Vec<String>,
        /// The IPv6 blocks of its VPC.
        vpc_ipv6_cidr_blocks: Vec<String>,
    }

    /// The CIDR blocks around a network interface. Default: a /20 subnet in a
    /// /16 VPC that hold its address (IPv6: /64 in /56).
    CidrBlocks {
        /// The IPv4 block of the subnet.
        subnet_ipv4_cidr_block: Option<String>,
        /// The IPv6 blocks of the subnet.
        subnet_ipv6_cidr_blocks: Vec<String>,
        /// The first IPv4 block of the VPC.
        vpc_ipv4_cidr_block: Option<String>,
        /// All IPv4 blocks of the VPC.
        vpc_ipv4_cidr_blocks: Vec<String>,
        /// The IPv6 blocks of the VPC.
        vpc_ipv6_cidr_blocks: Vec<String>,
    }

    /// A public key.
    PublicKey {
        /// The name of the key pair.
        key_name: String,
        /// The key in OpenSSH's format; a comment gives way to the key's name.
        open_ssh_key: String,
    }
}

impl Extras {
    /// The blocks around the first interface, as its own `Imdsim` would say.
    pub fn cidr_blocks(&self) -> CidrBlocks {
        CidrBlocks {
            subnet_ipv4_cidr_block: self.subnet_ipv4_cidr_block.clone(),
            subnet_ipv6_cidr_blocks: self.subnet_ipv6_cidr_blocks.clone(),
            vpc_ipv4_cidr_block: self.vpc_ipv4_cidr_block.clone(),
            vpc_ipv4_cidr_blocks: self.vpc_ipv4_cidr_blocks.clone(),
            vpc_ipv6_cidr_blocks: self.vpc_ipv6_cidr_blocks.clone(),
        }
    }
}

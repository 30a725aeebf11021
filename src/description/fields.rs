//! `DescribeInstances`, as far as the metadata service shows it.
//!
//! Names and meaning are those of EC2's API reference.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::Deserialize;

use super::imdsim::{CidrBlocks, Extras};
use super::values::{MacAddress, Time, ipv4, ipv6};

/// Declares structs that read EC2's PascalCase and take anything for missing.
macro_rules! described {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
        #[serde(default, rename_all = "PascalCase")]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }
    )*};
}
pub(super) use described;

/// One of EC2's two-valued options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flag {
    /// `enabled`
    Enabled,
    /// `disabled`
    Disabled,
}

described! {
    /// `Instance`.
    InstanceDescription {
        /// The order in one `RunInstances` call, from 0.
        ami_launch_index: u32,
        /// `i386`, `x86_64` or `arm64`.
        architecture: Option<String>,
        /// The block devices, the root among them.
        block_device_mappings: Vec<BlockDeviceMapping>,
        /// Whether it can hibernate.
        hibernation_options: HibernationOptions,
        /// The instance profile; without one there is no role.
        iam_instance_profile: Option<IamInstanceProfile>,
        /// `ami-…`
        image_id: Option<String>,
        /// `i-…`
        instance_id: Option<String>,
        /// `spot`, `scheduled`, `capacity-block`; absent for on-demand.
        instance_lifecycle: Option<String>,
        /// For instance `m5.large`.
        instance_type: Option<String>,
        /// The first IPv6 address of the first interface.
        #[serde(deserialize_with = "ipv6")]
        ipv6_address: Option<Ipv6Addr>,
        /// `aki-…`, of paravirtual instances.
        kernel_id: Option<String>,
        /// The key pair given at launch.
        key_name: Option<String>,
        /// When it was launched.
        launch_time: Option<Time>,
        /// The options of the metadata service itself.
        metadata_options: MetadataOptionsDescription,
        /// Detailed monitoring.
        monitoring: Monitoring,
        /// The network interfaces.
        network_interfaces: Vec<NetworkInterface>,
        /// The ARN of the Outpost it runs on.
        outpost_arn: Option<String>,
        /// Where it runs.
        placement: Placement,
        /// The private host name.
        private_dns_name: Option<String>,
        /// What the private host name is made of.
        private_dns_name_options: PrivateDnsNameOptions,
        /// The private IPv4 address of the first interface.
        #[serde(deserialize_with = "ipv4")]
        private_ip_address: Option<Ipv4Addr>,
        /// The codes of Marketplace products.
        product_codes: Vec<ProductCode>,
        /// The public host name; empty where the VPC gives none.
        public_dns_name: Option<String>,
        /// The public IPv4 address.
        #[serde(deserialize_with = "ipv4")]
        public_ip_address: Option<Ipv4Addr>,
        /// `ari-…`, of paravirtual instances.
        ramdisk_id: Option<String>,
        /// For instance `/dev/xvda`.
        root_device_name: Option<String>,
        /// The security groups of the first interface.
        security_groups: Vec<Group>,
        /// `subnet-…`
        subnet_id: Option<String>,
        /// The tags.
        tags: Vec<Tag>,
        /// `hvm` or `paravirtual`.
        virtualization_type: Option<String>,
        /// `vpc-…`
        vpc_id: Option<String>,
        /// What the API does not carry.
        imdsim: Extras,
    }

    /// `InstanceBlockDeviceMapping`.
    BlockDeviceMapping {
        /// For instance `/dev/xvda`.
        device_name: Option<String>,
        /// The volume; a mapping without one is an instance store.
        ebs: Option<EbsVolume>,
        /// `ephemeral0` and so on, as in a launch request.
        virtual_name: Option<String>,
    }

    /// `EbsInstanceBlockDevice`.
    EbsVolume {
        /// `vol-…`
        volume_id: Option<String>,
    }

    /// `HibernationOptions`.
    HibernationOptions {
        /// Whether it was launched so that it can hibernate.
        configured: bool,
    }

    /// `IamInstanceProfile`.
    IamInstanceProfile {
        /// The ARN of the profile.
        arn: Option<String>,
        /// `AIPA…`
        id: Option<String>,
    }

    /// `InstanceMetadataOptionsResponse`.
    MetadataOptionsDescription {
        /// Whether a session token is asked for: `optional` or `required`.
        http_tokens: Option<crate::options::HttpTokens>,
        /// Whether the service is on.
        http_endpoint: Option<Flag>,
        /// How many hops an answer to the token request may travel, 1 to 64.
        http_put_response_hop_limit: Option<u8>,
        /// Whether the service answers on IPv6.
        http_protocol_ipv6: Option<Flag>,
        /// Whether tags are shown.
        instance_metadata_tags: Option<Flag>,
    }

    /// `Monitoring`.
    Monitoring {
        /// `enabled` or `disabled`, or on the way to one of them.
        state: Option<String>,
    }

    /// `InstanceNetworkInterface`.
    NetworkInterface {
        /// The public address of the primary private one.
        association: Option<Association>,
        /// How it is attached.
        attachment: NetworkAttachment,
        /// The security groups.
        groups: Vec<Group>,
        /// The IPv6 addresses.
        ipv6_addresses: Vec<Ipv6Address>,
        /// The delegated IPv4 prefixes.
        ipv4_prefixes: Vec<Prefix4>,
        /// The delegated IPv6 prefixes.
        ipv6_prefixes: Vec<Prefix6>,
        /// For instance `0e:ff:cd:d5:fd:4f`.
        mac_address: Option<MacAddress>,
        /// `eni-…`
        network_interface_id: Option<String>,
        /// The account.
        owner_id: Option<String>,
        /// The private host name.
        private_dns_name: Option<String>,
        /// The primary private IPv4 address.
        #[serde(deserialize_with = "ipv4")]
        private_ip_address: Option<Ipv4Addr>,
        /// All private IPv4 addresses.
        private_ip_addresses: Vec<PrivateIpAddress>,
        /// `subnet-…`
        subnet_id: Option<String>,
        /// `vpc-…`
        vpc_id: Option<String>,
        /// The CIDR blocks around it, which the API does not carry.
        imdsim: CidrBlocks,
    }

    /// `InstanceNetworkInterfaceAttachment`.
    NetworkAttachment {
        /// The order of the interfaces, from 0.
        device_index: Option<u32>,
        /// The network card, on types that have several.
        network_card_index: Option<u32>,
    }

    /// `InstanceNetworkInterfaceAssociation`.
    Association {
        /// The public host name; empty where the VPC gives none.
        public_dns_name: Option<String>,
        /// The public IPv4 address.
        #[serde(deserialize_with = "ipv4")]
        public_ip: Option<Ipv4Addr>,
    }

    /// `InstancePrivateIpAddress`.
    PrivateIpAddress {
        /// Its public address.
        association: Option<Association>,
        /// Whether it is the interface's first.
        primary: bool,
        /// The address.
        #[serde(deserialize_with = "ipv4")]
        private_ip_address: Option<Ipv4Addr>,
    }

    /// `InstanceIpv6Address`.
    Ipv6Address {
        /// The address.
        #[serde(deserialize_with = "ipv6")]
        ipv6_address: Option<Ipv6Addr>,
    }

    /// `InstanceIpv4Prefix`.
    Prefix4 {
        /// For instance `10.0.1.0/28`.
        ipv4_prefix: String,
    }

    /// `InstanceIpv6Prefix`.
    Prefix6 {
        /// For instance `2600:1f16:67f:f201:1::/80`.
        ipv6_prefix: String,
    }

    /// `GroupIdentifier`.
    Group {
        /// `sg-…`
        group_id: String,
        /// Its name.
        group_name: String,
    }

    /// `Placement`.
    Placement {
        /// For instance `us-east-1a`.
        availability_zone: Option<String>,
        /// For instance `use1-az6`.
        availability_zone_id: Option<String>,
        /// The placement group.
        group_name: Option<String>,
        /// `h-…`, on a Dedicated Host.
        host_id: Option<String>,
        /// The partition, in a partition placement group.
        partition_number: Option<u32>,
    }

    /// `PrivateDnsNameOptionsResponse`.
    PrivateDnsNameOptions {
        /// `ip-name` or `resource-name`.
        hostname_type: Option<String>,
    }

    /// `ProductCode`.
    ProductCode {
        /// The code.
        product_code_id: String,
    }

    /// `Tag`.
    Tag {
        /// The key.
        key: String,
        /// The value, which may be empty.
        value: String,
    }
}

//! `DescribeInstances`, as far as the metadata service shows it.
//!
//! Names and meaning are those of EC2's API reference.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::declare::described;
use super::imdsim::{CidrBlocks, ImdsimFields};
use super::schema::Unknown;
use super::values::{DnsName, Flag, HttpTokens, MacAddress};
use crate::time::UnixMillis;

described! {
    pub Unknown::Ignored;

    /// `Instance`.
    InstanceDescription {
        /// The order in one `RunInstances` call, from 0.
        ami_launch_index: u32 = "AmiLaunchIndex",
        /// `i386`, `x86_64` or `arm64`.
        architecture: Option<String> = "Architecture",
        /// The block devices, the root among them.
        block_device_mappings: Vec<BlockDeviceMapping> = "BlockDeviceMappings",
        /// The graphics accelerators, a withdrawn feature.
        elastic_gpu_associations: Vec<ElasticGpuAssociation> = "ElasticGpuAssociations",
        /// The inference accelerators, a withdrawn feature.
        elastic_inference_accelerator_associations: Vec<ElasticInferenceAssociation>
            = "ElasticInferenceAcceleratorAssociations",
        /// Whether it can hibernate.
        hibernation_options: HibernationOptions = "HibernationOptions",
        /// The instance profile; without one there is no role.
        iam_instance_profile: Option<IamInstanceProfile> = "IamInstanceProfile",
        /// `ami-…`
        image_id: Option<String> = "ImageId",
        /// `i-…`
        instance_id: Option<String> = "InstanceId",
        /// `spot`, `scheduled`, `capacity-block`; absent for on-demand.
        instance_lifecycle: Option<String> = "InstanceLifecycle",
        /// For instance `m5.large`.
        instance_type: Option<String> = "InstanceType",
        /// The first IPv6 address of the first interface.
        ipv6_address: Option<Ipv6Addr> = "Ipv6Address",
        /// `aki-…`, of paravirtual instances.
        kernel_id: Option<String> = "KernelId",
        /// The key pair given at launch.
        key_name: Option<String> = "KeyName",
        /// When it was launched.
        launch_time: Option<UnixMillis> = "LaunchTime",
        /// The options of the metadata service itself.
        metadata_options: MetadataOptionsDescription = "MetadataOptions",
        /// Detailed monitoring.
        monitoring: Monitoring = "Monitoring",
        /// The network interfaces.
        network_interfaces: Vec<NetworkInterface> = "NetworkInterfaces",
        /// The ARN of the Outpost it runs on.
        outpost_arn: Option<String> = "OutpostArn",
        /// Where it runs.
        placement: Placement = "Placement",
        /// The private host name.
        private_dns_name: Option<String> = "PrivateDnsName",
        /// What the private host name is made of.
        private_dns_name_options: PrivateDnsNameOptions = "PrivateDnsNameOptions",
        /// The private IPv4 address of the first interface.
        private_ip_address: Option<Ipv4Addr> = "PrivateIpAddress",
        /// The codes of Marketplace products.
        product_codes: Vec<ProductCode> = "ProductCodes",
        /// The public host name; empty where the VPC gives none.
        public_dns_name: DnsName = "PublicDnsName",
        /// The public IPv4 address.
        public_ip_address: Option<Ipv4Addr> = "PublicIpAddress",
        /// `ari-…`, of paravirtual instances.
        ramdisk_id: Option<String> = "RamdiskId",
        /// For instance `/dev/xvda`.
        root_device_name: Option<String> = "RootDeviceName",
        /// The security groups of the first interface.
        security_groups: Vec<Group> = "SecurityGroups",
        /// `subnet-…`
        subnet_id: Option<String> = "SubnetId",
        /// The tags.
        tags: Vec<Tag> = "Tags",
        /// `hvm` or `paravirtual`.
        virtualization_type: Option<String> = "VirtualizationType",
        /// `vpc-…`
        vpc_id: Option<String> = "VpcId",
        /// What the API does not carry.
        imdsim: ImdsimFields = "Imdsim",
    }

    /// `InstanceBlockDeviceMapping`.
    BlockDeviceMapping {
        /// For instance `/dev/xvda`.
        device_name: Option<String> = "DeviceName",
        /// The volume; a mapping without one is an instance store.
        ebs: Option<EbsVolume> = "Ebs",
        /// `ephemeral0` and so on, as in a launch request.
        virtual_name: Option<String> = "VirtualName",
    }

    /// `EbsInstanceBlockDevice`.
    EbsVolume {
        /// When it was attached. Only volumes that were there when the instance
        /// was launched or last started are shown: those attached no later
        /// than ten seconds after `LaunchTime`. Default: it was there.
        attach_time: Option<UnixMillis> = "AttachTime",
        /// `vol-…`
        volume_id: Option<String> = "VolumeId",
    }

    /// `ElasticGpuAssociation`.
    ElasticGpuAssociation {
        /// `egpu-…`
        elastic_gpu_id: String = "ElasticGpuId",
    }

    /// `ElasticInferenceAcceleratorAssociation`.
    ElasticInferenceAssociation {
        /// `arn:aws:elastic-inference:…:elastic-inference-accelerator/eia-…`
        elastic_inference_accelerator_arn: String = "ElasticInferenceAcceleratorArn",
    }

    /// `HibernationOptions`.
    HibernationOptions {
        /// Whether it was launched so that it can hibernate.
        configured: bool = "Configured",
    }

    /// `IamInstanceProfile`.
    IamInstanceProfile {
        /// The ARN of the profile.
        arn: Option<String> = "Arn",
        /// `AIPA…`
        id: Option<String> = "Id",
    }

    /// `InstanceMetadataOptionsResponse`.
    MetadataOptionsDescription {
        /// Whether a session token is asked for: `optional` or `required`.
        http_tokens: Option<HttpTokens> = "HttpTokens",
        /// Whether the service is on.
        http_endpoint: Option<Flag> = "HttpEndpoint",
        /// How many hops an answer to the token request may travel, 1 to 64.
        http_put_response_hop_limit: Option<u32> = "HttpPutResponseHopLimit",
        /// Whether the service answers on IPv6, which Xen types cannot have.
        http_protocol_ipv6: Option<Flag> = "HttpProtocolIpv6",
        /// Whether tags are shown.
        instance_metadata_tags: Option<Flag> = "InstanceMetadataTags",
    }

    /// `Monitoring`.
    Monitoring {
        /// `enabled` or `disabled`, or on the way to one of them.
        state: Option<String> = "State",
    }

    /// `InstanceNetworkInterface`.
    NetworkInterface {
        /// The public address of the primary private one.
        association: Option<Association> = "Association",
        /// How it is attached.
        attachment: NetworkAttachment = "Attachment",
        /// The security groups.
        groups: Vec<Group> = "Groups",
        /// The IPv6 addresses.
        ipv6_addresses: Vec<Ipv6Address> = "Ipv6Addresses",
        /// `interface`, `efa`, `efa-only`, `trunk`, …
        interface_type: Option<String> = "InterfaceType",
        /// The delegated IPv4 prefixes.
        ipv4_prefixes: Vec<Prefix4> = "Ipv4Prefixes",
        /// The delegated IPv6 prefixes.
        ipv6_prefixes: Vec<Prefix6> = "Ipv6Prefixes",
        /// For instance `0e:ff:cd:d5:fd:4f`.
        mac_address: Option<MacAddress> = "MacAddress",
        /// `eni-…`
        network_interface_id: Option<String> = "NetworkInterfaceId",
        /// The account.
        owner_id: Option<String> = "OwnerId",
        /// The private host name.
        private_dns_name: Option<String> = "PrivateDnsName",
        /// The primary private IPv4 address.
        private_ip_address: Option<Ipv4Addr> = "PrivateIpAddress",
        /// All private IPv4 addresses.
        private_ip_addresses: Vec<PrivateIpAddress> = "PrivateIpAddresses",
        /// `subnet-…`
        subnet_id: Option<String> = "SubnetId",
        /// `vpc-…`
        vpc_id: Option<String> = "VpcId",
        /// The CIDR blocks around it, which the API does not carry.
        imdsim: CidrBlocks = "Imdsim",
    }

    /// `InstanceNetworkInterfaceAttachment`.
    NetworkAttachment {
        /// The order of the interfaces, from 0.
        device_index: Option<u32> = "DeviceIndex",
        /// The network card, on types that have several.
        network_card_index: Option<u32> = "NetworkCardIndex",
    }

    /// `InstanceNetworkInterfaceAssociation`.
    Association {
        /// The public host name; empty where the VPC gives none.
        public_dns_name: DnsName = "PublicDnsName",
        /// The public IPv4 address.
        public_ip: Option<Ipv4Addr> = "PublicIp",
    }

    /// `InstancePrivateIpAddress`.
    PrivateIpAddress {
        /// Its public address.
        association: Option<Association> = "Association",
        /// Whether it is the interface's first.
        primary: bool = "Primary",
        /// The address.
        private_ip_address: Option<Ipv4Addr> = "PrivateIpAddress",
    }

    /// `InstanceIpv6Address`.
    Ipv6Address {
        /// The address.
        ipv6_address: Option<Ipv6Addr> = "Ipv6Address",
    }

    /// `InstanceIpv4Prefix`.
    Prefix4 {
        /// For instance `10.0.1.0/28`.
        ipv4_prefix: String = "Ipv4Prefix",
    }

    /// `InstanceIpv6Prefix`.
    Prefix6 {
        /// For instance `2600:1f16:67f:f201:1::/80`.
        ipv6_prefix: String = "Ipv6Prefix",
    }

    /// `GroupIdentifier`.
    Group {
        /// `sg-…`
        group_id: String = "GroupId",
        /// Its name.
        group_name: String = "GroupName",
    }

    /// `Placement`.
    Placement {
        /// For instance `us-east-1a`.
        availability_zone: Option<String> = "AvailabilityZone",
        /// For instance `use1-az6`. Where the zone is left out, it follows from
        /// this.
        availability_zone_id: Option<String> = "AvailabilityZoneId",
        /// The placement group.
        group_name: Option<String> = "GroupName",
        /// `h-…`, on a Dedicated Host.
        host_id: Option<String> = "HostId",
        /// The partition, in a partition placement group.
        partition_number: Option<u32> = "PartitionNumber",
    }

    /// `PrivateDnsNameOptionsResponse`.
    PrivateDnsNameOptions {
        /// `ip-name` or `resource-name`.
        hostname_type: Option<String> = "HostnameType",
    }

    /// `ProductCode`.
    ProductCode {
        /// The code.
        product_code_id: String = "ProductCodeId",
        /// `devpay` or `marketplace`. Default: `marketplace`.
        product_code_type: Option<String> = "ProductCodeType",
    }

    /// `Tag`.
    Tag {
        /// The key. Where tags are shown, 1 to 255 ASCII letters, digits and
        /// + - = . , _ : @, but not `.`, `..` or `_index`.
        key: String = "Key",
        /// The value, which may be empty.
        value: String = "Value",
    }
}

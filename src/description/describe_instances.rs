//! The fields of `DescribeInstances` that affect the metadata service.
//!
//! Names and meanings follow the EC2 API Reference.

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
        /// The launch index within one `RunInstances` call, from 0.
        ami_launch_index: u32 = "AmiLaunchIndex",
        /// `i386`, `x86_64` or `arm64`.
        architecture: Option<String> = "Architecture",
        /// The block devices, including the root device.
        block_device_mappings: Vec<BlockDeviceMapping> = "BlockDeviceMappings",
        /// The Elastic Graphics accelerators (discontinued by AWS).
        elastic_gpu_associations: Vec<ElasticGpuAssociation> = "ElasticGpuAssociations",
        /// The Elastic Inference accelerators (discontinued by AWS).
        elastic_inference_accelerator_associations: Vec<ElasticInferenceAssociation>
            = "ElasticInferenceAcceleratorAssociations",
        /// The hibernation options.
        hibernation_options: HibernationOptions = "HibernationOptions",
        /// The instance profile. Default: none, hence no role credentials.
        iam_instance_profile: Option<IamInstanceProfile> = "IamInstanceProfile",
        /// `ami-…`
        image_id: Option<String> = "ImageId",
        /// `i-…`
        instance_id: Option<String> = "InstanceId",
        /// `spot`, `scheduled` or `capacity-block`; omitted for On-Demand Instances.
        instance_lifecycle: Option<String> = "InstanceLifecycle",
        /// For example `m5.large`.
        instance_type: Option<String> = "InstanceType",
        /// The IPv6 address of the primary network interface.
        ipv6_address: Option<Ipv6Addr> = "Ipv6Address",
        /// `aki-…`, for paravirtual instances.
        kernel_id: Option<String> = "KernelId",
        /// The name of the key pair.
        key_name: Option<String> = "KeyName",
        /// The launch time.
        launch_time: Option<UnixMillis> = "LaunchTime",
        /// The options of the metadata service.
        metadata_options: MetadataOptionsDescription = "MetadataOptions",
        /// Detailed monitoring.
        monitoring: Monitoring = "Monitoring",
        /// The network interfaces.
        network_interfaces: Vec<NetworkInterface> = "NetworkInterfaces",
        /// The ARN of the Outpost it runs on.
        outpost_arn: Option<String> = "OutpostArn",
        /// The placement.
        placement: Placement = "Placement",
        /// The private host name.
        private_dns_name: Option<String> = "PrivateDnsName",
        /// The type of the private host name.
        private_dns_name_options: PrivateDnsNameOptions = "PrivateDnsNameOptions",
        /// The private IPv4 address of the primary network interface.
        private_ip_address: Option<Ipv4Addr> = "PrivateIpAddress",
        /// The product codes.
        product_codes: Vec<ProductCode> = "ProductCodes",
        /// The public host name; empty if the VPC assigns none.
        public_dns_name: DnsName = "PublicDnsName",
        /// The public IPv4 address.
        public_ip_address: Option<Ipv4Addr> = "PublicIpAddress",
        /// `ari-…`, for paravirtual instances.
        ramdisk_id: Option<String> = "RamdiskId",
        /// For example `/dev/xvda`.
        root_device_name: Option<String> = "RootDeviceName",
        /// The security groups of the primary network interface.
        security_groups: Vec<Group> = "SecurityGroups",
        /// `subnet-…`
        subnet_id: Option<String> = "SubnetId",
        /// The tags.
        tags: Vec<Tag> = "Tags",
        /// `hvm` or `paravirtual`.
        virtualization_type: Option<String> = "VirtualizationType",
        /// `vpc-…`
        vpc_id: Option<String> = "VpcId",
        /// Facts that `DescribeInstances` does not return.
        imdsim: ImdsimFields = "Imdsim",
    }

    /// `InstanceBlockDeviceMapping`.
    BlockDeviceMapping {
        /// For example `/dev/xvda`.
        device_name: Option<String> = "DeviceName",
        /// The volume; omitted for instance store volumes.
        ebs: Option<EbsVolume> = "Ebs",
        /// The virtual device name of a launch request, for example `ephemeral0`.
        virtual_name: Option<String> = "VirtualName",
    }

    /// `EbsInstanceBlockDevice`.
    EbsVolume {
        /// When the volume was attached. Only volumes attached no later than ten
        /// seconds after `LaunchTime`, at launch or at the last start, are shown.
        /// Default: attached at launch.
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
        /// Whether hibernation was enabled at launch.
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
        /// Whether requests need a session token: `optional` or `required`.
        http_tokens: Option<HttpTokens> = "HttpTokens",
        /// Whether the metadata service is enabled.
        http_endpoint: Option<Flag> = "HttpEndpoint",
        /// The hop limit of the token response, 1 to 64.
        http_put_response_hop_limit: Option<u32> = "HttpPutResponseHopLimit",
        /// Whether the IPv6 endpoint is enabled; not supported by Xen instance types.
        http_protocol_ipv6: Option<Flag> = "HttpProtocolIpv6",
        /// Whether tags are shown in metadata.
        instance_metadata_tags: Option<Flag> = "InstanceMetadataTags",
    }

    /// `Monitoring`.
    Monitoring {
        /// `enabled` or `disabled`, or a transition to one of them.
        state: Option<String> = "State",
    }

    /// `InstanceNetworkInterface`.
    NetworkInterface {
        /// The public address associated with the primary private address.
        association: Option<Association> = "Association",
        /// The attachment.
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
        /// For example `0e:ff:cd:d5:fd:4f`.
        mac_address: Option<MacAddress> = "MacAddress",
        /// `eni-…`
        network_interface_id: Option<String> = "NetworkInterfaceId",
        /// The account ID of the owner.
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
        /// The CIDR blocks of its subnet and VPC, which `DescribeInstances` does not
        /// return.
        imdsim: CidrBlocks = "Imdsim",
    }

    /// `InstanceNetworkInterfaceAttachment`.
    NetworkAttachment {
        /// The device index, from 0.
        device_index: Option<u32> = "DeviceIndex",
        /// The network card index, on types with several cards.
        network_card_index: Option<u32> = "NetworkCardIndex",
    }

    /// `InstanceNetworkInterfaceAssociation`.
    Association {
        /// The public host name; empty if the VPC assigns none.
        public_dns_name: DnsName = "PublicDnsName",
        /// The public IPv4 address.
        public_ip: Option<Ipv4Addr> = "PublicIp",
    }

    /// `InstancePrivateIpAddress`.
    PrivateIpAddress {
        /// The associated public address.
        association: Option<Association> = "Association",
        /// Whether this is the interface's primary address.
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
        /// For example `10.0.1.0/28`.
        ipv4_prefix: String = "Ipv4Prefix",
    }

    /// `InstanceIpv6Prefix`.
    Prefix6 {
        /// For example `2600:1f16:67f:f201:1::/80`.
        ipv6_prefix: String = "Ipv6Prefix",
    }

    /// `GroupIdentifier`.
    Group {
        /// `sg-…`
        group_id: String = "GroupId",
        /// The group's name.
        group_name: String = "GroupName",
    }

    /// `Placement`.
    Placement {
        /// For example `us-east-1a`.
        availability_zone: Option<String> = "AvailabilityZone",
        /// For example `use1-az6`. Determines the zone if `AvailabilityZone` is
        /// omitted.
        availability_zone_id: Option<String> = "AvailabilityZoneId",
        /// The placement group.
        group_name: Option<String> = "GroupName",
        /// `h-…`, on a Dedicated Host.
        host_id: Option<String> = "HostId",
        /// The partition number in a partition placement group.
        partition_number: Option<u32> = "PartitionNumber",
    }

    /// `PrivateDnsNameOptionsResponse`.
    PrivateDnsNameOptions {
        /// `ip-name` or `resource-name`.
        hostname_type: Option<String> = "HostnameType",
    }

    /// `ProductCode`.
    ProductCode {
        /// The product code.
        product_code_id: String = "ProductCodeId",
        /// `devpay` or `marketplace`. Default: `marketplace`.
        product_code_type: Option<String> = "ProductCodeType",
    }

    /// `Tag`.
    Tag {
        /// The key. If tags are shown in metadata: 1 to 255 ASCII letters, digits
        /// and + - = . , _ : @, except `.`, `..` and `_index`.
        key: String = "Key",
        /// The value, which may be empty.
        value: String = "Value",
    }
}

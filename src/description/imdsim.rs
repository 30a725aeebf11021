//! The `Imdsim` object: facts of the metadata service that
//! `DescribeInstances` does not carry. Each has a sensible default.

use std::collections::BTreeMap;

use super::declare::described;
use super::schema::Unknown;
use super::values::{Base64, LifecycleState, Override};
use crate::time::UnixMillis;

described! {
    pub Unknown::Refused;

    /// `Imdsim` of an instance.
    ImdsimFields {
        /// The account that owns it, 12 digits. Default: the reservation's
        /// owner, else that of an interface or of the instance profile.
        account_id: Option<String> = "AccountId",
        /// For instance `us-east-1`. Default: from the availability zone, else
        /// from its id.
        region: Option<String> = "Region",
        /// `aws`, `aws-cn`, `aws-us-gov`. Default: from the Region.
        partition: Option<String> = "Partition",
        /// For instance `amazonaws.com`. Default: from the partition.
        services_domain: Option<String> = "ServicesDomain",
        /// For instance `use1-az6`. Default: from the zone's letter.
        availability_zone_id: Option<String> = "AvailabilityZoneId",
        /// The reservation, where the document is one instance alone.
        reservation_id: Option<String> = "ReservationId",
        /// The manifest's path in S3. Default: `(unknown)`, as for EBS images.
        ami_manifest_path: Option<String> = "AmiManifestPath",
        /// The images this one was rebundled from.
        ancestor_ami_ids: Vec<String> = "AncestorAmiIds",
        /// The identity document's `billingProducts`, for instance `bp-6ba54002`.
        billing_products: Vec<String> = "BillingProducts",
        /// The virtualisation profile. Default: `default-hvm`.
        profile: Option<String> = "Profile",
        /// The hypervisor. Default: `nitro`.
        system: Option<String> = "System",
        /// `none`, `shutdown` or `bundle-pending`.
        instance_action: Option<String> = "InstanceAction",
        /// Default: from `InstanceLifecycle`, else `on-demand`.
        instance_life_cycle: Option<String> = "InstanceLifeCycle",
        /// The `version` of the identity document. Default: `2017-09-30`.
        identity_document_version: Option<String> = "IdentityDocumentVersion",
        /// The identity document's `pendingTime`. Default: `LaunchTime`.
        pending_time: Option<UnixMillis> = "PendingTime",
        /// `block-device-mapping/ami`. Default: the root device without `/dev/`.
        block_device_ami: Option<String> = "BlockDeviceAmi",
        /// The API versions it serves, oldest first; `latest` may be left out.
        api_versions: Vec<String> = "ApiVersions",
        /// User data, in base64, at most 16,384 bytes decoded.
        user_data: Option<Base64> = "UserData",
        /// The public keys. Default: one made up for `KeyName`.
        public_keys: Vec<PublicKey> = "PublicKeys",
        /// The role in the instance profile. Default: the profile's name.
        role_name: Option<String> = "RoleName",
        /// Credentials to serve instead of made-up ones.
        credentials: Option<RealCredentials> = "Credentials",
        /// Why there are no role credentials; served in their place.
        credentials_failure: Option<Failure> = "CredentialsFailure",
        /// What is wrong with the instance profile; served as `iam/info`.
        instance_profile_failure: Option<Failure> = "InstanceProfileFailure",
        /// When the credentials were last made anew, the next ones being due
        /// an hour later. Default: at the launch. `PATCH /_imdsim/instance`
        /// takes `now`.
        credentials_rotation_time: Option<UnixMillis> = "CredentialsRotationTime",
        /// Whether `iam/security-credentials-extended` is served, as for the
        /// accounts on AWS's list.
        security_credentials_extended: bool = "SecurityCredentialsExtended",
        /// The state that its Auto Scaling group moves it to, for instance
        /// `Terminated`; `null` says that there is none. Default: `InService`
        /// where it has the tag `aws:autoscaling:groupName`, else none.
        target_lifecycle_state: LifecycleState = "TargetLifecycleState",
        /// When a rebalance recommendation was given. Default: never.
        rebalance_notice_time: Option<UnixMillis> = "RebalanceNoticeTime",
        /// The notice that its Spot capacity is taken back. Default: none.
        spot_instance_action: Option<SpotInstanceAction> = "SpotInstanceAction",
        /// The maintenance events, past ones too.
        maintenance_events: Vec<MaintenanceEvent> = "MaintenanceEvents",
        /// What EC2 Instance Connect has pushed.
        managed_ssh_keys: Option<ManagedSshKeys> = "ManagedSshKeys",
        /// The type of the inference accelerators. Default: `eia2.medium`.
        elastic_inference_accelerator_type: Option<String> = "ElasticInferenceAcceleratorType",
        /// Texts of leaves by path, as in `meta-data/instance-id`; `null`
        /// removes what the path names.
        overrides: BTreeMap<String, Override> = "Overrides",
        /// The IPv4 block of the first interface's subnet.
        subnet_ipv4_cidr_block: Option<String> = "SubnetIpv4CidrBlock",
        /// The IPv6 blocks of the first interface's subnet.
        subnet_ipv6_cidr_blocks: Vec<String> = "SubnetIpv6CidrBlocks",
        /// The first IPv4 block of its VPC.
        vpc_ipv4_cidr_block: Option<String> = "VpcIpv4CidrBlock",
        /// All IPv4 blocks of its VPC.
        vpc_ipv4_cidr_blocks: Vec<String> = "VpcIpv4CidrBlocks",
        /// The IPv6 blocks of its VPC.
        vpc_ipv6_cidr_blocks: Vec<String> = "VpcIpv6CidrBlocks",
    }

    /// The CIDR blocks around a network interface. Default: what is said of
    /// another one in the same subnet or VPC, else a /20 subnet in a /16 VPC
    /// that hold the addresses (IPv6: /64 in /56).
    CidrBlocks {
        /// The IPv4 block of the subnet.
        subnet_ipv4_cidr_block: Option<String> = "SubnetIpv4CidrBlock",
        /// The IPv6 blocks of the subnet.
        subnet_ipv6_cidr_blocks: Vec<String> = "SubnetIpv6CidrBlocks",
        /// The first IPv4 block of the VPC.
        vpc_ipv4_cidr_block: Option<String> = "VpcIpv4CidrBlock",
        /// All IPv4 blocks of the VPC.
        vpc_ipv4_cidr_blocks: Vec<String> = "VpcIpv4CidrBlocks",
        /// The IPv6 blocks of the VPC.
        vpc_ipv6_cidr_blocks: Vec<String> = "VpcIpv6CidrBlocks",
    }

    /// Keys that AWS services accept.
    RealCredentials {
        /// `ASIA…` or `AKIA…`
        access_key_id: String = "AccessKeyId",
        /// The secret.
        secret_access_key: String = "SecretAccessKey",
        /// The session token, by its name in the metadata service. There must
        /// be one: AWS refuses temporary keys without.
        token: Option<String> = "Token",
        /// The session token, by its name in STS.
        session_token: Option<String> = "SessionToken",
        /// Default: six hours away, moved on every hour.
        expiration: Option<UnixMillis> = "Expiration",
    }

    /// Why the service has nothing to give (reference 9.2).
    Failure {
        /// `AssumeRoleUnauthorizedAccess`, `InstanceProfileNotFound`, ….
        code: String = "Code",
        /// Default: AWS's own words, where they are known.
        message: Option<String> = "Message",
    }

    /// A Spot interruption notice.
    SpotInstanceAction {
        /// `terminate`, `stop` or `hibernate`.
        action: String = "Action",
        /// When.
        time: Option<UnixMillis> = "Time",
    }

    /// A maintenance event, by its names in `DescribeInstanceStatus`.
    MaintenanceEvent {
        /// `instance-reboot`, `instance-retirement`, `instance-stop`,
        /// `system-reboot` or `system-maintenance`.
        code: String = "Code",
        /// For people. Default: made of the code.
        description: Option<String> = "Description",
        /// `instance-event-…`. Default: made up.
        instance_event_id: Option<String> = "InstanceEventId",
        /// When it begins at the earliest.
        not_before: Option<UnixMillis> = "NotBefore",
        /// When it ends at the latest.
        not_after: Option<UnixMillis> = "NotAfter",
        /// Until when it must begin. Default: not shown.
        not_before_deadline: Option<UnixMillis> = "NotBeforeDeadline",
        /// `active`, `completed` or `canceled`. Default: `active`.
        state: Option<String> = "State",
    }

    /// What EC2 Instance Connect leaves for a minute.
    ManagedSshKeys {
        /// The pushed keys, signatures included, by user.
        active_keys: BTreeMap<String, String> = "ActiveKeys",
        /// The signer's certificate.
        signer_cert: Option<String> = "SignerCert",
        /// The answers about it, in base64, by SHA-1 of the certificate.
        signer_ocsp: BTreeMap<String, String> = "SignerOcsp",
    }

    /// A public key.
    PublicKey {
        /// The name of the key pair.
        key_name: String = "KeyName",
        /// The key in OpenSSH's format; a comment gives way to the key's name.
        open_ssh_key: String = "OpenSshKey",
    }
}

impl ImdsimFields {
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

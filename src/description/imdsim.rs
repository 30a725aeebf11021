//! The `Imdsim` object: optional facts that `DescribeInstances` does not return,
//! each with a default.

use std::collections::BTreeMap;

use super::declare::described;
use super::schema::Unknown;
use super::values::{Base64, LifecycleState, Override};
use crate::time::UnixMillis;

described! {
    pub Unknown::Refused;

    /// `Imdsim` of an instance.
    ImdsimFields {
        /// The account ID, 12 digits. Default: the owner of the reservation, a
        /// network interface or the instance profile.
        account_id: Option<String> = "AccountId",
        /// For example `us-east-1`. Default: derived from the Availability Zone or
        /// its id.
        region: Option<String> = "Region",
        /// `aws`, `aws-cn` or `aws-us-gov`. Default: derived from the Region.
        partition: Option<String> = "Partition",
        /// For example `amazonaws.com`. Default: derived from the partition.
        services_domain: Option<String> = "ServicesDomain",
        /// For example `use1-az6`. Default: derived from the zone's letter.
        availability_zone_id: Option<String> = "AvailabilityZoneId",
        /// `r-…`, if the document is a single instance.
        reservation_id: Option<String> = "ReservationId",
        /// The manifest's path in S3. Default: `(unknown)`, as for EBS-backed images.
        ami_manifest_path: Option<String> = "AmiManifestPath",
        /// The images that this instance's image was rebundled from.
        ancestor_ami_ids: Vec<String> = "AncestorAmiIds",
        /// `billingProducts` of the identity document, for example `bp-6ba54002`.
        billing_products: Vec<String> = "BillingProducts",
        /// The virtualization profile. Default: `default-hvm`.
        profile: Option<String> = "Profile",
        /// The hypervisor. Default: `nitro`.
        system: Option<String> = "System",
        /// `none`, `shutdown` or `bundle-pending`. Default: `none`.
        instance_action: Option<String> = "InstanceAction",
        /// The purchasing option. Default: `InstanceLifecycle`, else `on-demand`.
        instance_life_cycle: Option<String> = "InstanceLifeCycle",
        /// `version` of the identity document. Default: `2017-09-30`.
        identity_document_version: Option<String> = "IdentityDocumentVersion",
        /// `pendingTime` of the identity document. Default: `LaunchTime`.
        pending_time: Option<UnixMillis> = "PendingTime",
        /// `block-device-mapping/ami`. Default: the root device without `/dev/`.
        block_device_ami: Option<String> = "BlockDeviceAmi",
        /// The served API versions, oldest first; `latest` may be omitted.
        api_versions: Vec<String> = "ApiVersions",
        /// User data in base64, at most 16,384 bytes decoded.
        user_data: Option<Base64> = "UserData",
        /// The public keys. Default: one generated for `KeyName`.
        public_keys: Vec<PublicKey> = "PublicKeys",
        /// The name of the role. Default: the name of the instance profile.
        role_name: Option<String> = "RoleName",
        /// The credentials to serve. Default: generated ones.
        credentials: Option<RealCredentials> = "Credentials",
        /// A failure to serve instead of role credentials.
        credentials_failure: Option<Failure> = "CredentialsFailure",
        /// A failure of the instance profile to serve as `iam/info`.
        instance_profile_failure: Option<Failure> = "InstanceProfileFailure",
        /// The time of the last credential rotation; the next one follows an hour
        /// later. Default: the launch time. `PATCH /_imdsim/instance` also accepts
        /// `now`.
        credentials_rotation_time: Option<UnixMillis> = "CredentialsRotationTime",
        /// Whether to serve `iam/security-credentials-extended`, which AWS enables
        /// for selected accounts.
        security_credentials_extended: bool = "SecurityCredentialsExtended",
        /// The target lifecycle state in the Auto Scaling group, for example
        /// `Terminated`; `null` for none. Default: `InService` if the instance has
        /// the tag `aws:autoscaling:groupName`, else none.
        target_lifecycle_state: LifecycleState = "TargetLifecycleState",
        /// The time of the rebalance recommendation. Default: none.
        rebalance_notice_time: Option<UnixMillis> = "RebalanceNoticeTime",
        /// The Spot interruption notice. Default: none.
        spot_instance_action: Option<SpotInstanceAction> = "SpotInstanceAction",
        /// The maintenance events, including completed and canceled ones.
        maintenance_events: Vec<MaintenanceEvent> = "MaintenanceEvents",
        /// The keys pushed by EC2 Instance Connect.
        managed_ssh_keys: Option<ManagedSshKeys> = "ManagedSshKeys",
        /// The type of the Elastic Inference accelerators. Default: `eia2.medium`.
        elastic_inference_accelerator_type: Option<String> = "ElasticInferenceAcceleratorType",
        /// Texts of leaves by path, for example `meta-data/instance-id`; `null`
        /// removes the path.
        overrides: BTreeMap<String, Override> = "Overrides",
        /// The IPv4 block of the primary network interface's subnet.
        subnet_ipv4_cidr_block: Option<String> = "SubnetIpv4CidrBlock",
        /// The IPv6 blocks of the primary network interface's subnet.
        subnet_ipv6_cidr_blocks: Vec<String> = "SubnetIpv6CidrBlocks",
        /// The first IPv4 block of the VPC.
        vpc_ipv4_cidr_block: Option<String> = "VpcIpv4CidrBlock",
        /// All IPv4 blocks of the VPC.
        vpc_ipv4_cidr_blocks: Vec<String> = "VpcIpv4CidrBlocks",
        /// The IPv6 blocks of the VPC.
        vpc_ipv6_cidr_blocks: Vec<String> = "VpcIpv6CidrBlocks",
    }

    /// The CIDR blocks of a network interface's subnet and VPC. Default: those of
    /// another interface in the same subnet or VPC, else a /20 subnet in a /16 VPC
    /// that contain the addresses (IPv6: /64 in /56).
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
        /// The session token, as named by the metadata service. Required under
        /// either name, because AWS rejects temporary keys without it.
        token: Option<String> = "Token",
        /// The session token, as named by STS.
        session_token: Option<String> = "SessionToken",
        /// The expiration. Default: six hours ahead, renewed every hour.
        expiration: Option<UnixMillis> = "Expiration",
    }

    /// A failure document of the service (reference 9.2).
    Failure {
        /// For example `AssumeRoleUnauthorizedAccess` or `InstanceProfileNotFound`.
        code: String = "Code",
        /// The message. Default: AWS's message for the code, if known.
        message: Option<String> = "Message",
    }

    /// A Spot interruption notice.
    SpotInstanceAction {
        /// `terminate`, `stop` or `hibernate`.
        action: String = "Action",
        /// The time of the interruption. Default: the launch time.
        time: Option<UnixMillis> = "Time",
    }

    /// A maintenance event, with the field names of `DescribeInstanceStatus`.
    MaintenanceEvent {
        /// `instance-reboot`, `instance-retirement`, `instance-stop`,
        /// `system-reboot` or `system-maintenance`.
        code: String = "Code",
        /// The description. Default: derived from the code.
        description: Option<String> = "Description",
        /// `instance-event-…`. Default: generated.
        instance_event_id: Option<String> = "InstanceEventId",
        /// The earliest start. Default: the launch time.
        not_before: Option<UnixMillis> = "NotBefore",
        /// The latest end.
        not_after: Option<UnixMillis> = "NotAfter",
        /// The deadline for starting. Default: not shown.
        not_before_deadline: Option<UnixMillis> = "NotBeforeDeadline",
        /// `active`, `completed` or `canceled`. Default: `active`.
        state: Option<String> = "State",
    }

    /// The keys that EC2 Instance Connect publishes for one minute.
    ManagedSshKeys {
        /// The pushed keys, including signatures, by user.
        active_keys: BTreeMap<String, String> = "ActiveKeys",
        /// The signer's certificate.
        signer_cert: Option<String> = "SignerCert",
        /// The OCSP responses in base64, by SHA-1 fingerprint of the certificate.
        signer_ocsp: BTreeMap<String, String> = "SignerOcsp",
    }

    /// A public key.
    PublicKey {
        /// The name of the key pair.
        key_name: String = "KeyName",
        /// The key in OpenSSH's format; the key pair's name replaces its comment.
        open_ssh_key: String = "OpenSshKey",
    }
}

impl ImdsimFields {
    /// The CIDR blocks of the primary network interface's subnet and VPC.
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

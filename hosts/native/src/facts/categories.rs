//! The categories of metadata: their names in the AWS mock's configuration,
//! their paths, and the facts of the instance that they hold.

use super::Fact::{self, Code, Derived, Items, Nothing, Number, PublicKey, Tag, Text, Texts};

/// A metadata category of the mock's configuration.
pub(crate) struct Category {
    /// The name below `values` and `paths`.
    pub(crate) name: &'static str,
    /// The path below the version. `{mac}` and `{public-ipv4}` stand for the
    /// values of these names.
    pub(crate) path: &'static str,
    /// The corresponding fact of the instance.
    pub(crate) fact: Fact,
}

/// Categories with text values, sorted by name.
#[rustfmt::skip]
pub(crate) const METADATA: &[Category] = &[
    category("ami-id",                           "meta-data/ami-id",                           Text(&["/ImageId"])),
    category("ami-launch-index",                 "meta-data/ami-launch-index",                 Number("/AmiLaunchIndex")),
    category("ami-manifest-path",                "meta-data/ami-manifest-path",                Text(&["/Imdsim/AmiManifestPath"])),
    category("block-device-mapping-ami",         "meta-data/block-device-mapping/ami",         Text(&["/Imdsim/BlockDeviceAmi"])),
    category("block-device-mapping-ebs",         "meta-data/block-device-mapping/ebs0",        Nothing),
    category("block-device-mapping-ephemeral",   "meta-data/block-device-mapping/ephemeral0",  Nothing),
    category("block-device-mapping-root",        "meta-data/block-device-mapping/root",        Text(&["/RootDeviceName"])),
    category("block-device-mapping-swap",        "meta-data/block-device-mapping/swap",        Nothing),
    category("elastic-inference-associations",   "meta-data/elastic-inference/associations",   Items(&["/ElasticInferenceAcceleratorAssociations"], "ElasticInferenceAcceleratorArn")),
    category("hostname",                         "meta-data/hostname",                         Text(&["/PrivateDnsName"])),
    category("iam-security-credentials-role",    "meta-data/iam/security-credentials",         Text(&["/Imdsim/RoleName"])),
    category("instance-action",                  "meta-data/instance-action",                  Text(&["/Imdsim/InstanceAction"])),
    category("instance-id",                      "meta-data/instance-id",                      Text(&["/InstanceId"])),
    category("instance-life-cycle",              "meta-data/instance-life-cycle",              Text(&["/Imdsim/InstanceLifeCycle"])),
    category("instance-type",                    "meta-data/instance-type",                    Text(&["/InstanceType"])),
    category("kernel-id",                        "meta-data/kernel-id",                        Text(&["/KernelId"])),
    category("local-hostname",                   "meta-data/local-hostname",                   Text(&["/PrivateDnsName"])),
    category("local-ipv4",                       "meta-data/local-ipv4",                       Text(&["/PrivateIpAddress", "@/PrivateIpAddress"])),
    category("mac",                              "meta-data/mac",                              Text(&["@/MacAddress"])),
    category("mac-device-number",                "meta-data/network/interfaces/macs/{mac}/device-number",           Number("@/Attachment/DeviceIndex")),
    category("mac-ipv4-associations",            "meta-data/network/interfaces/macs/{mac}/ipv4-associations/{public-ipv4}", Nothing),
    category("mac-ipv6-associations",            "meta-data/network/interfaces/macs/{mac}/ipv6s",                   Items(&["@/Ipv6Addresses"], "Ipv6Address")),
    category("mac-local-hostname",               "meta-data/network/interfaces/macs/{mac}/local-hostname",          Text(&["@/PrivateDnsName"])),
    category("mac-local-ipv4s",                  "meta-data/network/interfaces/macs/{mac}/local-ipv4s",             Items(&["@/PrivateIpAddresses"], "PrivateIpAddress")),
    category("mac-mac",                          "meta-data/network/interfaces/macs/{mac}/mac",                     Nothing),
    category("mac-network-interface-card-index", "meta-data/network/interfaces/macs/{mac}/network-card-index",      Number("@/Attachment/NetworkCardIndex")),
    category("mac-network-interface-id",         "meta-data/network/interfaces/macs/{mac}/interface-id",            Text(&["@/NetworkInterfaceId"])),
    category("mac-owner-id",                     "meta-data/network/interfaces/macs/{mac}/owner-id",                Text(&["@/OwnerId"])),
    category("mac-public-hostname",              "meta-data/network/interfaces/macs/{mac}/public-hostname",         Text(&["@/Association/PublicDnsName"])),
    category("mac-public-ipv4s",                 "meta-data/network/interfaces/macs/{mac}/public-ipv4s",            Text(&["@/Association/PublicIp"])),
    category("mac-security-group-ids",           "meta-data/network/interfaces/macs/{mac}/security-group-ids",      Items(&["/SecurityGroups", "@/Groups"], "GroupId")),
    category("mac-security-groups",              "meta-data/network/interfaces/macs/{mac}/security-groups",         Items(&["/SecurityGroups", "@/Groups"], "GroupName")),
    category("mac-subnet-id",                    "meta-data/network/interfaces/macs/{mac}/subnet-id",               Text(&["/SubnetId", "@/SubnetId"])),
    category("mac-subnet-ipv4-cidr-block",       "meta-data/network/interfaces/macs/{mac}/subnet-ipv4-cidr-block",  Text(&["@/Imdsim/SubnetIpv4CidrBlock"])),
    category("mac-subnet-ipv6-cidr-blocks",      "meta-data/network/interfaces/macs/{mac}/subnet-ipv6-cidr-blocks", Texts("@/Imdsim/SubnetIpv6CidrBlocks")),
    category("mac-vpc-id",                       "meta-data/network/interfaces/macs/{mac}/vpc-id",                  Text(&["/VpcId", "@/VpcId"])),
    category("mac-vpc-ipv4-cidr-block",          "meta-data/network/interfaces/macs/{mac}/vpc-ipv4-cidr-block",     Text(&["@/Imdsim/VpcIpv4CidrBlock"])),
    category("mac-vpc-ipv4-cidr-blocks",         "meta-data/network/interfaces/macs/{mac}/vpc-ipv4-cidr-blocks",    Texts("@/Imdsim/VpcIpv4CidrBlocks")),
    category("mac-vpc-ipv6-cidr-blocks",         "meta-data/network/interfaces/macs/{mac}/vpc-ipv6-cidr-blocks",    Texts("@/Imdsim/VpcIpv6CidrBlocks")),
    category("placement-availability-zone",      "meta-data/placement/availability-zone",      Text(&["/Placement/AvailabilityZone"])),
    category("placement-availability-zone-id",   "meta-data/placement/availability-zone-id",   Text(&["/Placement/AvailabilityZoneId"])),
    category("placement-group-name",             "meta-data/placement/group-name",             Text(&["/Placement/GroupName"])),
    category("placement-host-id",                "meta-data/placement/host-id",                Text(&["/Placement/HostId"])),
    category("placement-partition-number",       "meta-data/placement/partition-number",       Number("/Placement/PartitionNumber")),
    category("placement-region",                 "meta-data/placement/region",                 Text(&["/Imdsim/Region"])),
    category("product-codes",                    "meta-data/product-codes",                    Items(&["/ProductCodes"], "ProductCodeId")),
    category("public-hostname",                  "meta-data/public-hostname",                  Text(&["/PublicDnsName", "@/Association/PublicDnsName"])),
    category("public-ipv4",                      "meta-data/public-ipv4",                      Text(&["/PublicIpAddress", "@/Association/PublicIp"])),
    category("public-key",                       "meta-data/public-keys/0/openssh-key",        PublicKey),
    category("ramdisk-id",                       "meta-data/ramdisk-id",                       Text(&["/RamdiskId"])),
    category("reservation-id",                   "meta-data/reservation-id",                   Text(&["/Imdsim/ReservationId"])),
    category("security-groups",                  "meta-data/security-groups",                  Items(&["/SecurityGroups", "@/Groups"], "GroupName")),
    category("services-domain",                  "meta-data/services/domain",                  Text(&["/Imdsim/ServicesDomain"])),
    category("services-partition",               "meta-data/services/partition",               Text(&["/Imdsim/Partition"])),
    category("tags-instance-name",               "meta-data/tags/instance/Name",               Tag("Name")),
    category("tags-instance-test",               "meta-data/tags/instance/Test",               Tag("Test")),
];

/// Categories below `dynamic`, sorted by name.
#[rustfmt::skip]
pub(crate) const DYNAMIC: &[Category] = &[
    category("fws-instance-monitoring",          "dynamic/fws/instance-monitoring",            Text(&["/Monitoring/State"])),
    category("instance-identity-pkcs",           "dynamic/instance-identity/pkcs7",            Nothing),
    category("instance-identity-signature",      "dynamic/instance-identity/signature",        Nothing),
];

/// The fields of JSON documents with their facts, sorted by key.
#[rustfmt::skip]
pub(crate) const FIELDS: &[(&str, Fact)] = &[
    ("dynamic.values.instance-identity-document.accountId",               Text(&["/Imdsim/AccountId"])),
    ("dynamic.values.instance-identity-document.architecture",            Text(&["/Architecture"])),
    ("dynamic.values.instance-identity-document.availabilityZone",        Text(&["/Placement/AvailabilityZone"])),
    ("dynamic.values.instance-identity-document.billingProducts",         Texts("/Imdsim/BillingProducts")),
    ("dynamic.values.instance-identity-document.devpayProductCodes",      Derived),
    ("dynamic.values.instance-identity-document.imageId",                 Text(&["/ImageId"])),
    ("dynamic.values.instance-identity-document.instanceId",              Text(&["/InstanceId"])),
    ("dynamic.values.instance-identity-document.instanceType",            Text(&["/InstanceType"])),
    ("dynamic.values.instance-identity-document.kernelId",                Text(&["/KernelId"])),
    ("dynamic.values.instance-identity-document.marketplaceProductCodes", Items(&["/ProductCodes"], "ProductCodeId")),
    ("dynamic.values.instance-identity-document.pendingTime",             Text(&["/Imdsim/PendingTime"])),
    ("dynamic.values.instance-identity-document.privateIp",               Text(&["/PrivateIpAddress", "@/PrivateIpAddress"])),
    ("dynamic.values.instance-identity-document.ramdiskId",               Text(&["/RamdiskId"])),
    ("dynamic.values.instance-identity-document.region",                  Text(&["/Imdsim/Region"])),
    ("dynamic.values.instance-identity-document.version",                 Text(&["/Imdsim/IdentityDocumentVersion"])),
    ("metadata.values.elastic-inference-accelerator.version_2018_04_12.elastic-inference-accelerator-id",
                                                                          Items(&["/ElasticInferenceAcceleratorAssociations"], "ElasticInferenceAcceleratorArn")),
    ("metadata.values.elastic-inference-accelerator.version_2018_04_12.elastic-inference-accelerator-type",
                                                                          Text(&["/Imdsim/ElasticInferenceAcceleratorType"])),
    ("metadata.values.iam-info.Code",                                     Code("/Imdsim/InstanceProfileFailure/Code")),
    ("metadata.values.iam-info.InstanceProfileArn",                       Text(&["/IamInstanceProfile/Arn"])),
    ("metadata.values.iam-info.InstanceProfileId",                        Text(&["/IamInstanceProfile/Id"])),
    ("metadata.values.iam-info.LastUpdated",                              Derived),
    ("metadata.values.iam-security-credentials.AccessKeyId",              Text(&["/Imdsim/Credentials/AccessKeyId"])),
    ("metadata.values.iam-security-credentials.Code",                     Code("/Imdsim/CredentialsFailure/Code")),
    ("metadata.values.iam-security-credentials.Expiration",               Text(&["/Imdsim/Credentials/Expiration"])),
    ("metadata.values.iam-security-credentials.LastUpdated",              Derived),
    ("metadata.values.iam-security-credentials.SecretAccessKey",          Text(&["/Imdsim/Credentials/SecretAccessKey"])),
    ("metadata.values.iam-security-credentials.Token",                    Text(&["/Imdsim/Credentials/Token"])),
    ("metadata.values.iam-security-credentials.Type",                     Derived),
];

const fn category(name: &'static str, path: &'static str, fact: Fact) -> Category {
    Category { name, path, fact }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_unique() {
        assert!(METADATA.is_sorted_by(|a, b| a.name < b.name));
        assert!(DYNAMIC.is_sorted_by(|a, b| a.name < b.name));
        assert!(FIELDS.is_sorted_by(|a, b| a.0 < b.0));
    }
}

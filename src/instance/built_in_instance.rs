//! The default instance, derived ahead of time.

use std::collections::BTreeMap;

use super::built_in::{ACCOUNT_ID, INSTANCE_ID, LAUNCH_TIME, PRIVATE_IPV4, REGION, ROLE_NAME};
use super::{
    Accelerators, Events, Instance, InstanceProfile, Interface, MetadataOptions, Overrides,
    Placement, PublicKey, RoleCredentials,
};
use crate::description::{CidrBlocks, Group, HttpTokens, ManagedSshKeys};
use crate::versions;

/// The instance that [`BUILT_IN`](super::BUILT_IN) describes, as constants: where each request
/// starts a new instance of the component, deriving it would be most of the
/// request.
#[rustfmt::skip]
#[allow(clippy::too_many_lines, reason = "one line for each fact")]
pub(crate) fn instance() -> Instance {
    let mac = "0e:cd:a5:f3:8f:da";
    let hostname = "ip-10-0-0-10.ec2.internal";
    let vpc_block = "10.0.0.0/16";
    Instance {
        id: INSTANCE_ID.into(),
        image_id: "ami-03eb786dd0438c610".into(),
        instance_type: "t3.micro".into(),
        architecture: "x86_64".into(),
        ami_launch_index: "0".into(),
        ami_manifest_path: "(unknown)".into(),
        ancestor_ami_ids: Vec::new(),
        kernel_id: None,
        ramdisk_id: None,
        product_codes: Vec::new(),
        devpay_product_codes: Vec::new(),
        marketplace_product_codes: Vec::new(),
        billing_products: Vec::new(),
        reservation_id: "r-0940c426df11d62cf".into(),
        account_id: ACCOUNT_ID.into(),
        placement: Placement {
            region: REGION.into(),
            zone: "us-east-1a".into(),
            zone_id: "use1-az1".into(),
            partition: "aws".into(),
            services_domain: "amazonaws.com".into(),
            group_name: None,
            host_id: None,
            partition_number: None,
            outpost_arn: None,
        },
        hostname: hostname.into(),
        interfaces: BTreeMap::from([(mac.into(), Interface {
            mac: mac.into(),
            device_number: 0,
            network_card: None,
            id: "eni-087e0db6844c49b86".into(),
            owner_id: ACCOUNT_ID.into(),
            local_hostname: Some(hostname.into()),
            local_ipv4s: vec![PRIVATE_IPV4],
            public_hostname: None,
            ipv4_associations: BTreeMap::new(),
            public_ipv4s: Vec::new(),
            ipv6s: Vec::new(),
            ipv4_prefixes: Vec::new(),
            ipv6_prefixes: Vec::new(),
            groups: vec![Group {
                group_id: "sg-02feede47ef75043a".into(),
                group_name: "default".into(),
            }],
            subnet_id: "subnet-0ab71dd3b02325d62".into(),
            vpc_id: "vpc-0214f9eef8635665e".into(),
            cidr_blocks: CidrBlocks {
                subnet_ipv4_cidr_block: Some("10.0.0.0/20".into()),
                subnet_ipv6_cidr_blocks: Vec::new(),
                vpc_ipv4_cidr_block: Some(vpc_block.into()),
                vpc_ipv4_cidr_blocks: vec![vpc_block.into()],
                vpc_ipv6_cidr_blocks: Vec::new(),
            },
        })]),
        mac: mac.into(),
        block_devices: BTreeMap::from([
            ("ami".into(), "xvda".into()),
            ("root".into(), "/dev/xvda".into()),
        ]),
        tags: vec![("Name".into(), "imdsim".into())],
        launch_time: LAUNCH_TIME,
        pending_time: LAUNCH_TIME,
        identity_document_version: "2017-09-30".into(),
        profile: Some(InstanceProfile {
            arn: "arn:aws:iam::123456789012:instance-profile/imdsim-role".into(),
            id: "AIPARZPUZDIKHARZ5EBFM".into(),
            role: ROLE_NAME.into(),
            failure: None,
            grant: RoleCredentials::MadeUp,
            extended: false,
        }),
        credentials_rotated: None,
        public_keys: vec![PublicKey {
            name: "imdsim-key".into(),
            line: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFQ6fXnuo69dTfTNShZCOO63nErv09BhviBh3mt0LYQq \
                   imdsim-key\n".into(),
        }],
        user_data: None,
        life_cycle: "on-demand".into(),
        virtualization_profile: "default-hvm".into(),
        system: "nitro".into(),
        action: "none".into(),
        hibernation: false,
        monitoring: false,
        events: Events::default(),
        auto_scaling_state: None,
        accelerators: Accelerators::default(),
        managed_ssh_keys: ManagedSshKeys::default(),
        overrides: Overrides::default(),
        versions: versions::VERSIONS.map(Into::into).to_vec(),
        options: MetadataOptions {
            http_tokens: HttpTokens::Optional,
            http_endpoint: true,
            http_put_response_hop_limit: 1,
            http_protocol_ipv6: false,
            instance_metadata_tags: false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::Description;
    use crate::instance::BUILT_IN;

    #[test]
    fn the_constants_are_what_the_description_yields() {
        assert_eq!(Instance::read(&BUILT_IN).unwrap(), instance());
        assert_eq!(Description::read(&BUILT_IN).unwrap().document, *BUILT_IN);
    }
}

//! The emulated instance: described facts and everything derived from them.
//!
//! Each fact is derived once, here. The metadata tree, the documents and the
//! credentials only read it, so responses never contradict each other.

mod accelerators;
mod block_devices;
mod built_in;
mod built_in_instance;
mod cidr;
pub(crate) mod derive;
mod events;
mod family;
mod interface;
mod interfaces;
mod keys;
mod names;
mod options;
mod overrides;
mod placement;
mod profile;
mod subnets;
mod zones;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

pub use accelerators::Accelerators;
pub(crate) use built_in::DOCUMENT as BUILT_IN;
pub(crate) use built_in_instance::instance as built_in;
pub use events::{Events, Interruption, Maintenance, MaintenanceState};
pub use interface::Interface;
pub use keys::PublicKey;
pub use options::MetadataOptions;
pub use overrides::{OverrideLookup, Overrides};
pub use placement::Placement;
pub use profile::{Failure, InstanceProfile, RealKeys, RoleCredentials};

use crate::description::{
    Base64, InstanceDescription, LifecycleState, ManagedSshKeys, ProductCode, Read as _,
};
use crate::json_limits;
use crate::problem::Problem;
use crate::small_sort::sorted;
use crate::time::UnixMillis;
use crate::versions;

/// EC2's limit on user data, in bytes.
pub const MAX_USER_DATA: usize = 16_384;

/// The emulated instance, with all defaults resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// `i-…`
    pub id: String,
    /// `ami-…`
    pub image_id: String,
    /// For example `m5.large`.
    pub instance_type: String,
    /// `i386`, `x86_64` or `arm64`.
    pub architecture: String,
    /// The launch index within one `RunInstances` call, from 0.
    pub ami_launch_index: String,
    /// `(unknown)` for EBS-backed images.
    pub ami_manifest_path: String,
    /// The images that this instance's image was rebundled from.
    pub ancestor_ami_ids: Vec<String>,
    /// `aki-…`, for paravirtual instances.
    pub kernel_id: Option<String>,
    /// `ari-…`, for paravirtual instances.
    pub ramdisk_id: Option<String>,
    /// All product codes, of `DevPay` and Marketplace.
    pub product_codes: Vec<String>,
    /// The `DevPay` product codes.
    pub devpay_product_codes: Vec<String>,
    /// The Marketplace product codes.
    pub marketplace_product_codes: Vec<String>,
    /// The AWS billing product codes, for example that of Windows.
    pub billing_products: Vec<String>,
    /// `r-…`
    pub reservation_id: String,
    /// 12 digits.
    pub account_id: String,
    /// The Region, zone and placement group.
    pub placement: Placement,
    /// The private host name.
    pub hostname: String,
    /// The interfaces by MAC address.
    pub interfaces: BTreeMap<String, Interface>,
    /// The MAC address of card 0, device 0.
    pub mac: String,
    /// The block devices at launch by name: `ami`, `root`, `ebs1`, `ephemeral0`, ….
    pub block_devices: BTreeMap<String, String>,
    /// The tags as (key, value), in the order of the description.
    pub tags: Vec<(String, String)>,
    /// The launch time.
    pub launch_time: UnixMillis,
    /// `pendingTime` of the identity document.
    pub pending_time: UnixMillis,
    /// `version` of the identity document.
    pub identity_document_version: String,
    /// The instance profile.
    pub profile: Option<InstanceProfile>,
    /// The last forced credential rotation; `None` if rotation follows the launch.
    pub credentials_rotated: Option<UnixMillis>,
    /// The public keys, in index order.
    pub public_keys: Vec<PublicKey>,
    /// The decoded user data.
    pub user_data: Option<Vec<u8>>,
    /// The purchasing option, for example `spot` or `on-demand`.
    pub life_cycle: String,
    /// `default-hvm` or `default-paravirtual`.
    pub virtualization_profile: String,
    /// `nitro`, `xen` or `xen-on-nitro`.
    pub system: String,
    /// `none`, `shutdown` or `bundle-pending`.
    pub action: String,
    /// Whether hibernation was enabled at launch.
    pub hibernation: bool,
    /// Whether detailed monitoring is enabled.
    pub monitoring: bool,
    /// The scheduled events and notices.
    pub events: Events,
    /// `InService` for an instance of an Auto Scaling group without a lifecycle
    /// event.
    pub auto_scaling_state: Option<&'static str>,
    /// The attached accelerators.
    pub accelerators: Accelerators,
    /// The keys pushed by EC2 Instance Connect.
    pub managed_ssh_keys: ManagedSshKeys,
    /// The texts that replace parts of the tree.
    pub overrides: Overrides,
    /// The served API versions, oldest first, without `latest`.
    pub versions: Vec<Cow<'static, str>>,
    /// The metadata options at launch.
    pub options: MetadataOptions,
}

impl Instance {
    /// Parses a document of one instance and derives all other facts.
    pub fn read(document: &Value) -> Result<Self, Problem> {
        json_limits::check_items(document)?;
        let instance = Self::new(&InstanceDescription::read(document)?)?;
        names::check(&instance)?;
        Ok(instance)
    }

    /// Whether the instance serves credentials that AWS services accept.
    pub(crate) fn serves_real_credentials(&self) -> bool {
        let profile = self.profile.as_ref();
        profile.is_some_and(|profile| matches!(profile.grant, RoleCredentials::Real(_)))
    }

    /// Derives an instance from its description.
    pub fn new(given: &InstanceDescription) -> Result<Self, Problem> {
        let extras = &given.imdsim;
        let id = given
            .instance_id
            .clone()
            .unwrap_or_else(|| built_in::INSTANCE_ID.into());
        let placement = Placement::new(given)?;
        let account_id = account_id(given);
        let instance_type = or(given.instance_type.as_ref(), "t3.micro");
        let system = or(extras.system.as_ref(), family::system(&instance_type));
        let several_cards = family::has_several_cards(&instance_type);
        let interfaces = interfaces::all(given, &id, &account_id, &placement, several_cards)?;
        let primary = &interfaces.by_mac[&interfaces.primary];
        let options = MetadataOptions::new(&given.metadata_options)?;
        check_ipv6(options, &instance_type)?;
        let launch_time = given.launch_time.unwrap_or(built_in::LAUNCH_TIME);
        Ok(Self {
            image_id: given
                .image_id
                .clone()
                .unwrap_or_else(|| derive::id("ami", &[&id])),
            instance_type,
            architecture: or(given.architecture.as_ref(), "x86_64"),
            ami_launch_index: given.ami_launch_index.to_string(),
            ami_manifest_path: or(extras.ami_manifest_path.as_ref(), "(unknown)"),
            ancestor_ami_ids: extras.ancestor_ami_ids.clone(),
            kernel_id: given.kernel_id.clone(),
            ramdisk_id: given.ramdisk_id.clone(),
            product_codes: product_codes(given, |_| true),
            devpay_product_codes: product_codes(given, is_devpay),
            marketplace_product_codes: product_codes(given, |code| !is_devpay(code)),
            billing_products: extras.billing_products.clone(),
            reservation_id: extras
                .reservation_id
                .clone()
                .unwrap_or_else(|| derive::id("r", &[&id])),
            hostname: primary.local_hostname.clone().unwrap_or_default(),
            mac: interfaces.primary,
            interfaces: interfaces.by_mac,
            block_devices: block_devices::all(given),
            tags: tags(given, options.instance_metadata_tags)?,
            launch_time,
            pending_time: extras.pending_time.unwrap_or(launch_time),
            identity_document_version: or(extras.identity_document_version.as_ref(), "2017-09-30"),
            profile: InstanceProfile::new(given, &account_id, &placement)?,
            credentials_rotated: extras.credentials_rotation_time,
            public_keys: keys::all(given, &id),
            user_data: user_data(extras.user_data.as_ref())?,
            life_cycle: extras
                .instance_life_cycle
                .clone()
                .or_else(|| given.instance_lifecycle.clone())
                // Only Spot instances receive interruption notices.
                .or_else(|| extras.spot_instance_action.as_ref().map(|_| "spot".into()))
                .unwrap_or_else(|| "on-demand".into()),
            virtualization_profile: extras.profile.clone().unwrap_or_else(|| {
                format!("default-{}", or(given.virtualization_type.as_ref(), "hvm"))
            }),
            system,
            action: or(extras.instance_action.as_ref(), "none"),
            hibernation: given.hibernation_options.configured,
            monitoring: given.monitoring.state.as_deref() == Some("enabled"),
            events: Events::new(extras, &id, launch_time)?,
            auto_scaling_state: auto_scaling_state(given),
            accelerators: Accelerators::new(given),
            managed_ssh_keys: extras.managed_ssh_keys.clone().unwrap_or_default(),
            overrides: Overrides::new(&extras.overrides)
                .map_err(|problem| problem.inside("Imdsim.Overrides"))?,
            versions: versions(&extras.api_versions),
            options,
            account_id,
            placement,
            id,
        })
    }

    /// Returns the public key with this index in canonical decimal form.
    pub fn public_key(&self, index: &str) -> Option<&PublicKey> {
        let mut keys = self.public_keys.iter().enumerate();
        keys.find(|(known, _)| known.to_string() == index)
            .map(|(_, key)| key)
    }

    /// The primary network interface: card 0, device 0.
    pub fn primary(&self) -> &Interface {
        &self.interfaces[&self.mac]
    }
}

fn or(given: Option<&String>, default: &str) -> String {
    given.cloned().unwrap_or_else(|| default.to_owned())
}

fn product_codes(
    given: &InstanceDescription,
    wanted: impl Fn(&ProductCode) -> bool,
) -> Vec<String> {
    let codes = given.product_codes.iter().filter(|code| wanted(code));
    codes.map(|code| code.product_code_id.clone()).collect()
}

fn is_devpay(code: &ProductCode) -> bool {
    code.product_code_type.as_deref() == Some("devpay")
}

/// Rejects an IPv6 endpoint on Xen instance types, which lack it (reference 17).
fn check_ipv6(options: MetadataOptions, instance_type: &str) -> Result<(), Problem> {
    if options.http_protocol_ipv6 && family::system(instance_type) == "xen" {
        return Err(Problem::new(
            "MetadataOptions.HttpProtocolIpv6",
            format!(
                "EC2 refuses enabled for Xen instance types, and {instance_type} is one; write \
                 disabled, or take a Nitro type such as t3.micro"
            ),
        ));
    }
    Ok(())
}

/// The tag that Auto Scaling reserves for its instances.
const AUTO_SCALING_GROUP: &str = "aws:autoscaling:groupName";

/// Members of an Auto Scaling group default to `InService`.
fn auto_scaling_state(given: &InstanceDescription) -> Option<&'static str> {
    let is_in_group = given.tags.iter().any(|tag| tag.key == AUTO_SCALING_GROUP);
    let is_suppressed = given.imdsim.target_lifecycle_state == LifecycleState::Absent;
    (is_in_group && !is_suppressed).then_some("InService")
}

/// The maximum length of a tag key in metadata, in bytes.
const MAX_TAG_KEY: usize = 255;

/// Returns the tags in the order of the description. If tags are shown, rejects
/// keys that EC2 does not allow in metadata (reference 10 and 17).
fn tags(given: &InstanceDescription, shown: bool) -> Result<Vec<(String, String)>, Problem> {
    let odd = |key: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "+-=.,_:@".contains(c);
        matches!(key, "" | "." | ".." | "_index")
            || key.len() > MAX_TAG_KEY
            || !key.chars().all(allowed)
    };
    let refused = given.tags.iter().position(|tag| shown && odd(&tag.key));
    if let Some(index) = refused {
        let key: String = given.tags[index].key.chars().take(40).collect();
        let message = format!(
            "{key:?} cannot be shown in metadata; keys have 1 to {MAX_TAG_KEY} of ASCII letters, \
             digits and + - = . , _ : @ and are not `.`, `..` or `_index`; rename it, or set \
             InstanceMetadataTags to disabled"
        );
        return Err(Problem::new(format!("Tags[{index}].Key"), message));
    }
    let tags = given.tags.iter();
    Ok(tags
        .map(|tag| (tag.key.clone(), tag.value.clone()))
        .collect())
}

fn account_id(given: &InstanceDescription) -> String {
    let mut interfaces = given.network_interfaces.iter();
    let of_interface = || interfaces.find_map(|interface| interface.owner_id.clone());
    let of_profile = || account_of(given.iam_instance_profile.as_ref()?.arn.as_ref()?);
    let explicit = given.imdsim.account_id.clone();
    explicit
        .or_else(of_interface)
        .or_else(of_profile)
        .unwrap_or_else(|| built_in::ACCOUNT_ID.into())
}

/// The account ID in the ARN of an instance profile.
fn account_of(arn: &str) -> Option<String> {
    let account = arn.split(':').nth(4)?;
    (!account.is_empty()).then(|| account.to_owned())
}

fn user_data(given: Option<&Base64>) -> Result<Option<Vec<u8>>, Problem> {
    let Some(Base64(bytes)) = given.filter(|data| !data.0.is_empty()) else {
        return Ok(None);
    };
    check_user_data(bytes).map_err(|message| Problem::new("Imdsim.UserData", message))?;
    Ok(Some(bytes.clone()))
}

/// Rejects user data above EC2's limit.
pub(crate) fn check_user_data(bytes: &[u8]) -> Result<(), String> {
    if bytes.len() <= MAX_USER_DATA {
        return Ok(());
    }
    Err(format!(
        "user data has {} bytes and EC2 takes {MAX_USER_DATA}; shorten it or let it fetch the rest",
        bytes.len()
    ))
}

fn versions(given: &[String]) -> Vec<Cow<'static, str>> {
    let given = given.iter().filter(|version| *version != versions::LATEST);
    let mut versions = sorted(given.map(|version| Cow::Owned(version.clone())));
    if versions.is_empty() {
        versions = versions::VERSIONS.map(Cow::Borrowed).to_vec();
    }
    versions
}

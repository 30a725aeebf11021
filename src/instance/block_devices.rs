//! Block devices as shown in `block-device-mapping/`.

use std::collections::BTreeMap;

use super::or;
use crate::description::{BlockDeviceMapping, InstanceDescription};

/// The maximum time from `LaunchTime`, which is that of the last start, to the
/// attachment of a volume that counts as attached at launch. Such volumes show
/// about 1 s; a volume attached later showed 33 s (reference 17).
const ATTACHED_WITHIN_MILLIS: i64 = 10_000;

/// Returns the devices attached at launch or at the last start. `ami` and `root`
/// name the root device, `ebs1`, `ebs2`, … other volumes in the order of the
/// mapping, and `ephemeral0`, … instance store volumes (reference 8.1).
pub(super) fn all(given: &InstanceDescription) -> BTreeMap<String, String> {
    let root = or(given.root_device_name.as_ref(), "/dev/xvda");
    let short = |device: &str| device.strip_prefix("/dev/").unwrap_or(device).to_owned();
    let ami = given
        .imdsim
        .block_device_ami
        .clone()
        .unwrap_or_else(|| short(&root));
    let mut devices = BTreeMap::new();
    let (mut volumes, mut stores) = (0, 0);
    let mappings = given.block_device_mappings.iter();
    for mapping in mappings.filter(|mapping| !attached_later(mapping, given)) {
        let Some(device) = mapping.device_name.clone().filter(|name| *name != root) else {
            continue;
        };
        let name = if let Some(name) = mapping.virtual_name.clone() {
            name
        } else if mapping.ebs.is_some() {
            volumes += 1;
            format!("ebs{volumes}")
        } else {
            stores += 1;
            format!("ephemeral{}", stores - 1)
        };
        devices.insert(name, short(&device));
    }
    devices.insert("ami".into(), ami);
    devices.insert("root".into(), root);
    devices
}

/// Whether a volume was attached to the running instance; false if either time
/// is unknown.
fn attached_later(mapping: &BlockDeviceMapping, given: &InstanceDescription) -> bool {
    let attached = mapping.ebs.as_ref().and_then(|volume| volume.attach_time);
    let (Some(attached), Some(launched)) = (attached, given.launch_time) else {
        return false;
    };
    attached.0.saturating_sub(launched.0) > ATTACHED_WITHIN_MILLIS
}

//! Block devices, as `block-device-mapping/` shows them.

use std::collections::BTreeMap;

use super::or;
use crate::description::{BlockDeviceMapping, InstanceDescription};

/// How long after `LaunchTime`, which is that of the last start, a volume may
/// be attached and still count as there from the beginning. Those that were
/// show about a second; one that was attached later was seen after 33
/// (reference 17).
const ATTACHED_WITHIN_MILLIS: i64 = 10_000;

/// The devices attached at launch or at the last start. `ami` and `root` name the
/// root device; other volumes are `ebs1`, `ebs2`, … in the order of the
/// mapping, instance stores `ephemeral0`, … (reference 8.1).
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
    for mapping in mappings.filter(|mapping| !is_later(mapping, given)) {
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

/// Whether a volume was attached while the instance ran. Where one of the two
/// times is not told, it was not.
fn is_later(mapping: &BlockDeviceMapping, given: &InstanceDescription) -> bool {
    let attached = mapping.ebs.as_ref().and_then(|volume| volume.attach_time);
    let (Some(attached), Some(launched)) = (attached, given.launch_time) else {
        return false;
    };
    attached.0.saturating_sub(launched.0) > ATTACHED_WITHIN_MILLIS
}

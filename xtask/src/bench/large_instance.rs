//! An instance with much to derive: 15 network interfaces, 50 tags, 1,000 overrides.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::server::Server;

/// Changes the instance of an emulator to the large one.
pub(super) fn make(server: &Server) -> Result<()> {
    let interfaces: Vec<_> = (0..15)
        .map(|index| json!({ "Attachment": { "DeviceIndex": index } }))
        .collect();
    let tags: Vec<_> = (0..50)
        .map(|index| json!({ "Key": format!("tag-{index}"), "Value": format!("value {index}") }))
        .collect();
    let overrides: Map<String, Value> = (0..1000)
        .map(|index| {
            (
                format!("meta-data/override-{index}"),
                json!(format!("value {index}")),
            )
        })
        .collect();
    let patch = json!({
        "NetworkInterfaces": interfaces,
        "Tags": tags,
        "Imdsim": { "Overrides": overrides },
    });
    server.change("PATCH /_imdsim/instance", &patch.to_string())
}

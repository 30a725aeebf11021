//! Saves the active configuration in the mock's place and format.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::layers::Layers;
use super::{Variables, variable};
use crate::error::say;

/// Relative to the home folder, or else to the working one.
const FOLDER: &str = ".ec2-metadata-mock";
const FILE: &str = ".aemm-config-used.json";

/// Keys that only imdsim has and that belong to a single start.
const OWN: [&str; 2] = ["in", "at"];

/// Saves the active configuration. Like the mock, it only prints a message on
/// failure.
pub(super) fn save(layers: &Layers, addr: Option<&str>, variables: &Variables) {
    let home = variable(variables, "HOME").filter(|home| !home.is_empty());
    let folder = home.map_or_else(PathBuf::new, PathBuf::from).join(FOLDER);
    let path = folder.join(FILE);
    let text = format!("{:#}\n", document(layers, addr));
    match write(&folder, &path, &text) {
        Ok(()) => say(format_args!(
            "saved the configuration in {}",
            path.display()
        )),
        Err(error) => say(format_args!(
            "{}: the configuration cannot be saved here: {error}",
            path.display()
        )),
    }
}

fn write(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(path, text)
}

/// Returns the configuration with the mock's defaults.
fn document(layers: &Layers, addr: Option<&str>) -> Value {
    let mut document = json!({
        "asg-termination-delay-sec": 0,
        "events": { "code": "system-reboot", "state": "active" },
        "imdsv2": false,
        "mock-delay-sec": 0,
        "rebalance-delay-sec": 0,
        "save-config-to-file": true,
        "spot": { "action": "terminate" },
        "watch-config-file": false,
    });
    if let Some((host, port)) = addr.and_then(|addr| addr.rsplit_once(':')) {
        document["server"] = json!({ "hostname": host, "port": port });
    }
    for (key, given) in layers.all().filter(|(key, _)| !OWN.contains(key)) {
        let mut here = &mut document;
        for name in key.split('.') {
            if !here.is_object() {
                *here = Value::Object(Map::new());
            }
            here = &mut here[name];
        }
        *here = typed(&given.value);
    }
    document
}

/// Converts strings from flags and variables to numbers and booleans.
fn typed(value: &Value) -> Value {
    match value.as_str().map(serde_json::from_str) {
        Some(Ok(known @ (Value::Number(_) | Value::Bool(_)))) => known,
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_configuration_reads_back_the_same() {
        let mut layers = Layers::default();
        let file = r#"{"metadata": {"values": {"iam-info": {"code": "Success"}}},
            "spot": {"action": "stop"}}"#;
        layers.add_file("aemm.json", file).unwrap();
        layers.add_flags(vec![
            ("--mock-delay-sec", "mock-delay-sec", "7"),
            ("--at", "at", "2026-01-01T00:00:00Z"),
        ]);
        let saved = document(&layers, Some("[::1]:80"));
        assert_eq!(saved["mock-delay-sec"], 7);
        assert_eq!(
            saved["server"],
            json!({ "hostname": "[::1]", "port": "80" })
        );
        assert_eq!(saved["metadata"]["values"]["iam-info"]["Code"], "Success");
        assert_eq!(saved["at"], Value::Null);
        let mut again = Layers::default();
        again.add_file("saved.json", &saved.to_string()).unwrap();
        assert_eq!(again.text("spot.action").as_deref(), Some("stop"));
        assert_eq!(again.number("mock-delay-sec").unwrap(), Some(7));
        assert!(again.warnings.is_empty(), "{:?}", again.warnings);
    }
}

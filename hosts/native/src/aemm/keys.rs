//! The keys of the mock's configuration, shared by flags, variables and the
//! file.

use super::paths::FIXED_PATHS;
use crate::facts::{DYNAMIC, FIELDS, METADATA};

/// The prefix of the mock's variables.
pub(super) const PREFIX: &str = "AEMM_";

/// Keys of the server and of events.
const SETTINGS: [&str; 23] = [
    "asg-termination-delay-sec",
    "asg-termination-trigger-time",
    "config-file",
    "events.code",
    "events.not-after",
    "events.not-before",
    "events.not-before-deadline",
    "events.state",
    "imdsv2",
    "metadata.values.event-id",
    "mock-delay-sec",
    "mock-ip-count",
    "mock-trigger-time",
    "rebalance-delay-sec",
    "rebalance-trigger-time",
    "save-config-to-file",
    "server.hostname",
    "server.port",
    "spot.action",
    "spot.rebalance-rec-time",
    "spot.time",
    "userdata.values.userdata",
    "watch-config-file",
];

/// Keys that schedule or describe events.
const TIMELINE_KEYS: [&str; 9] = [
    "asg-termination-delay-sec",
    "asg-termination-trigger-time",
    "config-file",
    "mock-delay-sec",
    "mock-trigger-time",
    "rebalance-delay-sec",
    "rebalance-trigger-time",
    "events.",
    "spot.",
];

/// Finds a key, ignoring case.
pub(super) fn find(name: &str) -> Option<String> {
    all().find(|key| key.eq_ignore_ascii_case(name))
}

/// Finds the key of an environment variable, for instance `spot.action` for
/// `AEMM_SPOT_ACTION`.
pub(super) fn of_variable(name: &str) -> Option<String> {
    let name = name.strip_prefix(PREFIX)?;
    all().find(|key| variable(key) == name)
}

/// Whether a value for this key asks for an event.
pub(super) fn schedules_events(key: &str) -> bool {
    TIMELINE_KEYS
        .iter()
        .any(|known| match known.strip_suffix('.') {
            Some(_) => key.starts_with(known),
            None => key == *known,
        })
}

/// All keys, in the mock's spelling.
fn all() -> impl Iterator<Item = String> {
    let sections = [("metadata", METADATA), ("dynamic", DYNAMIC)];
    let categories = sections.into_iter().flat_map(|(section, categories)| {
        categories.iter().flat_map(move |category| {
            ["values", "paths"].map(|part| format!("{section}.{part}.{}", category.name))
        })
    });
    let fields = FIELDS.iter().map(|(key, _)| (*key).to_owned());
    let paths = FIXED_PATHS.iter().map(|(key, _)| (*key).to_owned());
    let settings = SETTINGS.iter().map(|key| (*key).to_owned());
    settings.chain(categories).chain(fields).chain(paths)
}

/// The variable of a key, if the key exists.
pub(super) fn variable_of(key: &str) -> Option<String> {
    let known = all().find(|known| known == key)?;
    Some(format!("{PREFIX}{}", variable(&known)))
}

/// The name of a key's variable after the prefix.
fn variable(key: &str) -> String {
    key.to_ascii_uppercase().replace(['.', '-'], "_")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_keys_share_a_variable() {
        let names: Vec<_> = all().map(|key| variable(&key)).collect();
        let unique: BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len());
    }

    #[test]
    fn a_key_is_found_by_its_variable_and_ignoring_case() {
        let key = "metadata.values.iam-info.InstanceProfileArn";
        assert_eq!(find(&key.to_ascii_lowercase()).as_deref(), Some(key));
        let variable = "AEMM_METADATA_VALUES_IAM_INFO_INSTANCEPROFILEARN";
        assert_eq!(of_variable(variable).as_deref(), Some(key));
        assert_eq!(of_variable("AEMM_SPOT_ITN_ACTION"), None);
    }

    #[test]
    fn server_keys_schedule_no_events() {
        assert!(schedules_events("spot.time"));
        assert!(schedules_events("mock-delay-sec"));
        assert!(!schedules_events("server.port"));
        assert!(!schedules_events("imdsv2"));
    }
}

//! The paths of the AWS mock's configuration that cannot be moved, and its
//! placeholders.

/// Paths of documents and of temporary categories, which cannot be moved.
#[rustfmt::skip]
pub(super) const FIXED_PATHS: &[(&str, &str)] = &[
    ("dynamic.paths.instance-identity-document",     "dynamic/instance-identity/document"),
    ("metadata.paths.elastic-inference-accelerator", "meta-data/elastic-inference/associations/{elastic-inference-associations}"),
    ("metadata.paths.events",                        "meta-data/events/maintenance/scheduled"),
    ("metadata.paths.iam-info",                      "meta-data/iam/info"),
    ("metadata.paths.iam-security-credentials",      "meta-data/iam/security-credentials/{iam-security-credentials-role}"),
    ("metadata.paths.rebalance-rec-time",            "meta-data/events/recommendations/rebalance"),
    ("metadata.paths.spot",                          "meta-data/spot/instance-action"),
    ("metadata.paths.spot-termination-time",         "meta-data/spot/termination-time"),
    ("metadata.paths.target-lifecycle-state",        "meta-data/autoscaling/target-lifecycle-state"),
    ("userdata.paths.userdata",                      "user-data"),
];

/// The mock's default values of placeholders in paths.
#[rustfmt::skip]
pub(super) const PLACEHOLDERS: [(&str, &str); 4] = [
    ("elastic-inference-associations", "eia-bfa21c7904f64a82a21b9f4540169ce1"),
    ("iam-security-credentials-role",  "baskinc-role"),
    ("mac",                            "0e:49:61:0f:c3:11"),
    ("public-ipv4",                    "192.0.2.54"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_unique() {
        assert!(FIXED_PATHS.is_sorted_by(|a, b| a.0 < b.0));
    }
}

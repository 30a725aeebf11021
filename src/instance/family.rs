//! What follows from the family of an instance type.

/// The hypervisor, as `system` names it: it follows from the type and not from
/// the API's `Hypervisor`, which says `xen` of Nitro too (reference 17.4).
pub(super) fn system(instance_type: &str) -> &'static str {
    let (family, size) = split(instance_type);
    if XEN.contains(&family) && !size.starts_with("metal") {
        "xen"
    } else {
        "nitro"
    }
}

/// Whether the type has several network cards; only then is the card of an
/// interface shown (reference 17.5).
pub(super) fn has_several_cards(instance_type: &str) -> bool {
    let (family, size) = split(instance_type);
    MANY_CARDS.contains(&family)
        || MANY_CARDS_AT_FULL_SIZE.contains(&family)
            && (size.starts_with("metal") || FULL_SIZES.contains(&size))
}

fn split(instance_type: &str) -> (&str, &str) {
    instance_type.split_once('.').unwrap_or((instance_type, ""))
}

/// The families of before Nitro.
#[rustfmt::skip]
const XEN: &[&str] = &[
    "c1", "c3", "c4", "cc1", "cc2", "cg1", "cr1", "d2", "f1", "g2", "g3", "g3s", "h1", "hi1",
    "hs1", "i2", "i3", "m1", "m2", "m3", "m4", "p2", "p3", "r3", "r4", "t1", "t2", "x1", "x1e",
];

/// The families whose every size has several cards.
#[rustfmt::skip]
const MANY_CARDS: &[&str] = &[
    "dl1", "hpc6id", "hpc7a", "p4d", "p4de", "p5", "p5e", "p5en", "p6-b200", "p6-b300", "trn1",
    "trn1n", "trn2", "trn2u",
];

/// The families whose largest size has several.
#[rustfmt::skip]
const MANY_CARDS_AT_FULL_SIZE: &[&str] = &[
    "c6in", "c8gb", "c8gn", "m6idn", "m6in", "m8gb", "m8gn", "r6idn", "r6in", "r8gb", "r8gn",
];
const FULL_SIZES: &[&str] = &["32xlarge", "48xlarge"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hypervisor_follows_from_the_family() {
        let systems = ["t3.nano", "t2.micro", "i3.large", "i3.metal", "m1.small"].map(system);
        assert_eq!(systems, ["nitro", "xen", "xen", "nitro", "xen"]);
    }

    #[test]
    fn only_large_network_types_have_several_cards() {
        assert!(has_several_cards("p5.48xlarge"));
        assert!(has_several_cards("c6in.32xlarge"));
        assert!(!has_several_cards("c6in.large"));
        assert!(!has_several_cards("t3.nano"));
    }
}

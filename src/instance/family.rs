//! Facts derived from the family of an instance type.

/// The hypervisor as `system` names it. It follows from the instance type; the
/// API's `Hypervisor` is `xen` even on Nitro (reference 17.4).
pub(super) fn system(instance_type: &str) -> &'static str {
    let (family, size) = split(instance_type);
    if XEN.contains(&family) && !size.starts_with("metal") {
        "xen"
    } else {
        "nitro"
    }
}

/// Whether the type supports several network cards. Only such types show the
/// card of an interface (reference 17.5).
pub(super) fn has_several_cards(instance_type: &str) -> bool {
    let (family, size) = split(instance_type);
    MANY_CARDS.contains(&family)
        || MANY_CARDS_IF_LARGE
            .iter()
            .any(|(families, sizes)| families.contains(&family) && sizes.contains(&size))
}

fn split(instance_type: &str) -> (&str, &str) {
    instance_type.split_once('.').unwrap_or((instance_type, ""))
}

/// Families older than Nitro.
#[rustfmt::skip]
const XEN: &[&str] = &[
    "c1", "c3", "c4", "cc1", "cc2", "cg1", "cr1", "d2", "f1", "g2", "g3", "g3s", "h1", "hi1",
    "hs1", "i2", "i3", "m1", "m2", "m3", "m4", "p2", "p3", "r3", "r4", "t1", "t2", "x1", "x1e",
];

// Network cards are listed in the EC2 User Guide ("Elastic network interfaces",
// "Network cards"), which no registry packages; `cargo xtask tables` compares
// these tables with a copy of it. `DescribeInstanceTypes` of March 2026 agrees,
// except for one card on i7ie and i8ge, which the guide added later.

/// Families with several cards on every size.
#[rustfmt::skip]
const MANY_CARDS: &[&str] = &[
    "dl1", "hpc6id", "hpc7a", "hpc8a", "p4d", "p4de", "p5e", "p5en", "p6-b200", "p6-b300",
    "p6e-gb200", "trn1n", "trn2u",
];

/// Families with several cards on some sizes, and those sizes.
#[rustfmt::skip]
const MANY_CARDS_IF_LARGE: &[(&[&str], &[&str])] = &[
    (&["c6in", "m6idn", "m6in", "r6idn", "r6in"],                 &["32xlarge", "metal"]),
    (&["c8gb", "c8gn", "m8gb", "m8gn", "r8gb", "r8gn"],           &["48xlarge", "metal-48xl"]),
    (&["i7ie", "i8ge"],                                           &["48xlarge", "metal-48xl"]),
    (&["c8ib", "c8in", "m8ib", "m8idb", "m8idn", "m8in"],         &["96xlarge", "metal-96xl"]),
    (&["r8ib", "r8idb", "r8idn", "r8in"],                         &["96xlarge", "metal-96xl"]),
    (&["g6e", "g7e"],                                             &["24xlarge", "48xlarge"]),
    (&["g7", "p5", "trn2"],                                       &["48xlarge"]),
    (&["trn1"],                                                   &["32xlarge"]),
    (&["u7in-16tb", "u7in-24tb", "u7in-32tb"],                    &["224xlarge"]),
    (&["u7inh-32tb"],                                             &["480xlarge"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_family_determines_the_hypervisor() {
        let systems = ["t3.nano", "t2.micro", "i3.large", "i3.metal", "m1.small"].map(system);
        assert_eq!(systems, ["nitro", "xen", "xen", "nitro", "xen"]);
    }

    #[test]
    fn only_large_network_types_have_several_cards() {
        for large in [
            "p5.48xlarge",
            "p4d.24xlarge",
            "c6in.metal",
            "r8in.96xlarge",
            "p6e-gb200.36xlarge",
            "u7inh-32tb.480xlarge",
            "i8ge.metal-48xl",
        ] {
            assert!(has_several_cards(large), "{large}");
        }
        for small in ["p5.4xlarge", "trn1.2xlarge", "c8gn.metal-24xl", "t3.nano"] {
            assert!(!has_several_cards(small), "{small}");
        }
    }
}

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;

use crate::client::Client;
use crate::corpus;
use crate::crawl::{Crawl, Found};
use crate::described;
use crate::facts::contradictions;

#[test]
fn listed_paths_exist_and_others_do_not() {
    let strange = strange_paths();
    for sample in corpus::all() {
        check_listings(&mut sample.serve(), 1, &strange);
    }
}

#[test]
fn responses_of_every_sample_are_consistent() {
    for sample in corpus::all() {
        let crawl = Crawl::of(&mut sample.serve(), "latest", None);
        assert_eq!(contradictions(&crawl), [""; 0], "{}", sample.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn responses_of_any_instance_are_consistent(document in described::document()) {
        let crawl = Crawl::of(&mut serve(&document), "latest", None);
        prop_assert_eq!(contradictions(&crawl), [""; 0]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn listed_paths_of_any_instance_exist(
        mut document in described::document(),
        overrides in described::overrides(),
    ) {
        let instance = &mut document["Reservations"][0]["Instances"][0];
        instance["Imdsim"]["Overrides"] = overrides.into();
        check_listings(&mut serve(&document), 7, &BTreeSet::new());
    }
}

/// A described instance, which also answers without a token.
fn serve(document: &Value) -> Client {
    let document = document.to_string();
    Client::new(&[("instance", &document), ("http_tokens", "optional")])
}

/// Checks every `step`th version, from the newest: listed paths exist; values are
/// the same in all versions and have nothing below them; paths of other versions
/// do not exist. Some versions also check that a trailing slash makes no
/// difference, names are sorted, and paths of other instances do not exist.
fn check_listings(client: &mut Client, step: usize, strange: &BTreeSet<String>) {
    let versions = client.text("/");
    let newest = Crawl::of(client, "latest", None);
    for (path, found) in &newest.found {
        if let Found::Leaf(_) = found {
            let below = format!("/latest/{path}/x");
            assert_eq!(client.fetch(&below, None).0, 404, "{below}");
        }
    }
    let own: BTreeSet<String> = newest.found.keys().cloned().collect();
    let mut known = own.clone();
    known.extend(strange.iter().cloned());
    for mac in newest.names(MACS).iter().take(1) {
        let here = strange.iter().filter(|path| path.contains(STRANGE_MAC));
        known.extend(here.map(|path| path.replacen(STRANGE_MAC, mac, 1)));
    }
    for (index, version) in versions.lines().rev().step_by(step).enumerate() {
        let crawl = Crawl::of(client, version, None);
        for (path, found) in &crawl.found {
            if let Found::Leaf(_) = found {
                assert_eq!(Some(found), newest.found.get(path), "/{version}/{path}");
            }
        }
        // Versions differ only in the paths that they have.
        let thorough = index % 5 == 0;
        if thorough {
            for (path, found) in &crawl.found {
                check_entry(client, version, path, found);
            }
        }
        for path in if thorough { &known } else { &own } {
            if !crawl.found.contains_key(path) {
                let target = format!("/{version}/{path}");
                assert_eq!(client.fetch(&target, None).0, 404, "{target} is not listed");
            }
        }
    }
}

fn check_entry(client: &mut Client, version: &str, path: &str, found: &Found) {
    let target = format!("/{version}/{path}");
    match found {
        Found::Directory(names) => {
            let bare = target.trim_end_matches('/');
            let listing = names.join("\n").into_bytes();
            assert_eq!(client.fetch(bare, None), (200, listing), "{bare}");
            assert!(names.is_sorted_by(|a, b| a < b), "{target}: {names:?}");
        }
        Found::Leaf(bytes) => {
            let slashed = format!("{target}/");
            assert_eq!(
                client.fetch(&slashed, None),
                (200, bytes.clone()),
                "{slashed}"
            );
        }
    }
}

/// Every path of every instance of the corpus, with one MAC address for all.
fn strange_paths() -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for sample in corpus::all() {
        let crawl = Crawl::of(&mut sample.serve(), "latest", None);
        let macs = crawl.names(MACS).to_vec();
        for path in crawl.found.into_keys() {
            let mac = macs.iter().find(|mac| path.contains(*mac));
            paths.insert(mac.map_or(path.clone(), |mac| path.replacen(mac, STRANGE_MAC, 1)));
        }
    }
    paths
}

const MACS: &str = "meta-data/network/interfaces/macs/";
/// A MAC address of no instance.
const STRANGE_MAC: &str = "02:00:00:00:00:00/";

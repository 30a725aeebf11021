use serde_json::Value;

use crate::program::{command, refusal, text};
use crate::transcript;

fn printed(arguments: &[&str]) -> String {
    let output = command(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_tree_has_no_colours_in_a_pipe() {
    let bare = transcript::folder().join("data/bare.json");
    let tree = printed(&["tree", "--instance", text(&bare)]);
    assert!(
        tree.starts_with("dynamic/\n  instance-identity/\n"),
        "{tree}"
    );
    assert!(tree.contains("\n  system               nitro\n"), "{tree}");
    assert!(!tree.contains('\u{1b}'));
}

#[test]
fn an_older_version_has_fewer_categories() {
    let names: Vec<_> = printed(&["tree", "--version", "1.0", "--json"])
        .parse::<Value>()
        .unwrap()["meta-data"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        names.join(" "),
        "ami-id ami-launch-index ami-manifest-path hostname instance-id local-ipv4 public-keys \
         reservation-id security-groups"
    );
}

#[test]
fn an_unknown_version_is_rejected_with_the_known_ones() {
    let said = refusal(&["tree", "--version", "2.0"]);
    assert!(
        said.starts_with("--version: \"2.0\" is not served; give one of 1.0, 2007-01-19,"),
        "{said}"
    );
}

#[test]
fn the_schema_is_json() {
    let schema: Value = printed(&["schema"]).parse().unwrap();
    assert_eq!(schema["title"], "An instance for imdsim");
}

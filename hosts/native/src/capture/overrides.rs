//! Compares a description with the capture that it was derived from, and adds
//! overrides for the differences.

use std::collections::BTreeSet;

use imdsim::description::Override;
use imdsim::instance::Overrides;
use imdsim::{Config, ImdsVersion, ResolvedInstance, Settings, State, UnixMillis, find};
use serde_json::{Map, Value};

use super::crawl::crawl;
use super::redact::{is_credentials, is_signature};
use super::trees::{CapturedNode, Tree, Trees};
use crate::error::Failure;

/// Documents with a date of their last update.
const DATED: [&str; 2] = [
    "meta-data/identity-credentials/ec2/info",
    "meta-data/iam/info",
];

/// The field of the date.
const DATE: &str = "LastUpdated";

/// The maximum age in seconds of credentials when they are served.
const LOADED_BEFORE: i64 = 60;

/// A description with its overrides.
pub(super) struct FoundOverrides {
    pub(super) document: Value,
    /// The paths, with versions, that still differ.
    pub(super) left: Vec<String>,
}

/// Adds overrides to a description until it serves the captured trees.
pub(super) fn find_overrides(
    document: Value,
    trees: &Trees,
    imds: ImdsVersion,
) -> Result<FoundOverrides, Failure> {
    let document = without_empty_fields(document);
    let served = serve(&document, trees, imds)?;
    let overrides = overrides(trees, &served);
    if overrides.is_empty() {
        let left = left(trees, &served);
        return Ok(FoundOverrides { document, left });
    }
    let mut fixed = document.clone();
    fixed["Imdsim"]["Overrides"] = overrides.into();
    // The overrides may be impossible, for instance a leaf below a leaf.
    let Ok(better) = serve(&fixed, trees, imds) else {
        let left = left(trees, &served);
        return Ok(FoundOverrides { document, left });
    };
    let left = left(trees, &better);
    let document = fixed;
    Ok(FoundOverrides { document, left })
}

/// Returns the trees that the emulator serves for a description.
fn serve(document: &Value, trees: &Trees, imds: ImdsVersion) -> Result<Trees, Failure> {
    let mut settings = Settings::default();
    settings.set("the capture", "instance", &document.to_string())?;
    let config = Config::new(&settings)?;
    let now = moment(trees).unwrap_or(config.instance.launch_time);
    let resolved = ResolvedInstance::new(config, State::default(), now)?;
    let view = resolved.view(now, imds);
    let read = |path: &str| {
        let node = find(&view, path.trim_end_matches('/'));
        Ok(node.map(|node| node.bytes().to_vec()))
    };
    let versions = trees.keys();
    versions
        .map(|version| Ok((version.clone(), crawl(&read, version)?)))
        .collect()
}

/// Estimates the time of the capture.
fn moment(trees: &Trees) -> Option<UnixMillis> {
    let (_, newest) = trees.last_key_value()?;
    let mut dates = DATED.iter().filter_map(|path| {
        let document: Value = serde_json::from_str(newest.get(*path)?.text()?).ok()?;
        document[DATE].as_str()?.parse::<UnixMillis>().ok()
    });
    Some(dates.next()?.plus_seconds(LOADED_BEFORE))
}

/// Returns the overrides that fix more answers than they break.
fn overrides(trees: &Trees, served: &Trees) -> Map<String, Value> {
    let Some((_, newest)) = trees.last_key_value() else {
        return Map::new();
    };
    let pairs = || trees.iter().map(|(version, tree)| (tree, &served[version]));
    let wrong = pairs().flat_map(|(tree, served)| wrong_leaves(tree, served));
    let wrong: BTreeSet<_> = wrong.collect();
    let fixes = |path: &&str| {
        let wanted = newest.get(*path);
        let before = pairs().filter(|(tree, served)| agree(path, tree, served.get(*path)));
        let after = pairs().filter(|(tree, _)| agree(path, tree, wanted));
        can_be_set(path, wanted) && after.count() > before.count()
    };
    let change = |path: &str| {
        let text = newest.get(path).and_then(CapturedNode::text);
        (path.to_owned(), text.map_or(Value::Null, Value::from))
    };
    // The emulator has no leaf below a leaf.
    let mut together = Overrides::default();
    let mut can_be = |(path, change): &(String, Value)| {
        let text = change.as_str().map(str::to_owned);
        let change = text.map_or(Override::Gone, Override::Text);
        together.set(path, change).is_ok()
    };
    let changes = wrong.into_iter().filter(fixes).map(change);
    changes.filter(|change| can_be(change)).collect()
}

/// The leaves that differ.
fn wrong_leaves<'t>(tree: &'t Tree, served: &'t Tree) -> Vec<&'t str> {
    let paths: BTreeSet<_> = tree.keys().chain(served.keys()).collect();
    let leaves = paths.into_iter().map(String::as_str);
    leaves
        .filter(|path| !path.ends_with('/') && !agree(path, tree, served.get(*path)))
        .collect()
}

/// Whether an answer matches. Secrets and signatures only have to exist, and
/// dates are ignored.
fn agree(path: &str, tree: &Tree, served: Option<&CapturedNode>) -> bool {
    match (tree.get(path), served) {
        (Some(CapturedNode::Withheld), _) if path == "user-data" => true,
        (Some(_), Some(_)) if is_credentials(path) || is_signature(path) => true,
        (Some(one), Some(other)) if DATED.contains(&path) => dateless(one) == dateless(other),
        (captured, served) => captured == served,
    }
}

/// Removes the date from a document.
fn dateless(found: &CapturedNode) -> Option<Value> {
    let mut document: Value = serde_json::from_str(found.text()?).ok()?;
    document.as_object_mut()?.remove(DATE);
    Some(document)
}

/// Whether an override can set this value at a path.
fn can_be_set(path: &str, wanted: Option<&CapturedNode>) -> bool {
    let is_below = |root: &str| path.starts_with(root);
    let is_metadata = is_below("meta-data/") || is_below("dynamic/");
    match wanted {
        None => is_metadata,
        Some(CapturedNode::Text(_)) => is_metadata && !is_credentials(path) && !is_signature(path),
        Some(CapturedNode::Octets(_) | CapturedNode::Withheld) => false,
    }
}

/// Returns the paths that differ: leaves, and directories where only the
/// listing differs.
fn left(trees: &Trees, served: &Trees) -> Vec<String> {
    let mut left = Vec::new();
    for (version, tree) in trees {
        let served = &served[version];
        let leaves = wrong_leaves(tree, served);
        let listings = tree.iter().filter(|(path, listing)| {
            let other = served.get(*path);
            path.ends_with('/')
                && other.is_some_and(|other| other != *listing)
                && names(tree, path) == names(served, path)
        });
        let listings = listings.map(|(path, _)| path.trim_start_matches('/'));
        let paths = leaves.into_iter().chain(listings);
        left.extend(paths.map(|path| format!("{version}/{path}")));
    }
    left
}

/// The names in a directory.
pub(super) fn names<'t>(tree: &'t Tree, directory: &str) -> BTreeSet<&'t str> {
    let directory = directory.trim_start_matches('/');
    let below = tree.keys().filter_map(|path| path.strip_prefix(directory));
    let names = below.map(|path| path.split('/').next().unwrap_or_default());
    names.filter(|name| !name.is_empty()).collect()
}

/// Removes empty fields from a description.
fn without_empty_fields(document: Value) -> Value {
    match document {
        Value::Object(fields) => {
            let fields = fields.into_iter();
            let fields = fields.map(|(name, value)| (name, without_empty_fields(value)));
            let present = fields.filter(|(name, value)| {
                let is_present = match value {
                    Value::Null => false,
                    Value::Array(items) => !items.is_empty(),
                    Value::Object(fields) => !fields.is_empty(),
                    _ => true,
                };
                is_present || name == "IamInstanceProfile"
            });
            Value::Object(present.collect())
        }
        Value::Array(items) => items.into_iter().map(without_empty_fields).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::describe::describe;
    use super::*;

    /// Captures an instance, changed in some versions.
    fn captured(change: impl Fn(&str, &mut Tree)) -> FoundOverrides {
        let versions = ["1.0", "2021-03-23", "latest"];
        let versions = versions.map(|version| (version.to_owned(), Tree::new()));
        let document = json!({ "Imdsim": { "ApiVersions": ["1.0", "2021-03-23"] } });
        let mut trees = serve(&document, &Trees::from(versions), ImdsVersion::V2).unwrap();
        for (version, tree) in &mut trees {
            change(version, tree);
        }
        find_overrides(describe(&trees, false), &trees, ImdsVersion::V2).unwrap()
    }

    fn text(text: &str) -> CapturedNode {
        CapturedNode::Text(text.into())
    }

    #[test]
    fn facts_need_no_override() {
        let found = captured(|_, _| {});
        assert_eq!(found.document["Imdsim"].get("Overrides"), None);
        assert_eq!(found.left, <[String; 0]>::default());
    }

    #[test]
    fn a_difference_in_every_version_becomes_an_override() {
        let found = captured(|_, tree| {
            tree.insert("meta-data/odd".into(), text("x"));
            tree.remove("meta-data/ami-launch-index");
        });
        assert_eq!(
            found.document["Imdsim"]["Overrides"],
            json!({ "meta-data/ami-launch-index": null, "meta-data/odd": "x" })
        );
        // Overrides do not change the listings.
        assert_eq!(found.left.len(), 3, "{:?}", found.left);
    }

    #[test]
    fn a_difference_in_one_version_is_reported() {
        let found = captured(|version, tree| {
            if version == "1.0" {
                tree.insert("meta-data/ami-id".into(), text("ami-1"));
            }
        });
        assert_eq!(found.left, ["1.0/meta-data/ami-id"]);
    }
}

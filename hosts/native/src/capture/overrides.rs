//! Making sure that a description says what was captured: what it says
//! otherwise becomes an override, as far as overrides can mend it.

use std::collections::BTreeSet;

use imdsim::description::Override;
use imdsim::instance::Overrides;
use imdsim::{Config, ImdsVersion, ResolvedInstance, Settings, State, UnixMillis, find};
use serde_json::{Map, Value};

use super::crawl::crawl;
use super::redact::{is_credentials, is_signature};
use super::trees::{CapturedNode, Tree, Trees};
use crate::error::Failure;

/// Documents that say when they were last made.
const DATED: [&str; 2] = [
    "meta-data/identity-credentials/ec2/info",
    "meta-data/iam/info",
];

/// When they were.
const DATE: &str = "LastUpdated";

/// Credentials are loaded at most so long before they are served, in seconds.
const LOADED_BEFORE: i64 = 60;

/// A description that says what it can.
pub(super) struct FoundOverrides {
    pub(super) document: Value,
    /// The paths, versions included, of what it cannot say.
    pub(super) left: Vec<String>,
}

/// Adds overrides to a description until it says what the trees say.
pub(super) fn find_overrides(
    document: Value,
    trees: &Trees,
    imds: ImdsVersion,
) -> Result<FoundOverrides, Failure> {
    let document = without_nothing(document);
    let served = serve(&document, trees, imds)?;
    let overrides = overrides(trees, &served);
    if overrides.is_empty() {
        let left = left(trees, &served);
        return Ok(FoundOverrides { document, left });
    }
    let mut mended = document.clone();
    mended["Imdsim"]["Overrides"] = overrides.into();
    // A tree that no emulator can have, with a leaf below a leaf for instance.
    let Ok(better) = serve(&mended, trees, imds) else {
        let left = left(trees, &served);
        return Ok(FoundOverrides { document, left });
    };
    let left = left(trees, &better);
    let document = mended;
    Ok(FoundOverrides { document, left })
}

/// What the emulator makes of a description, in the versions of these trees.
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

/// When it was that the service said this.
fn moment(trees: &Trees) -> Option<UnixMillis> {
    let (_, newest) = trees.last_key_value()?;
    let mut dates = DATED.iter().filter_map(|path| {
        let document: Value = serde_json::from_str(newest.get(*path)?.text()?).ok()?;
        document[DATE].as_str()?.parse::<UnixMillis>().ok()
    });
    Some(dates.next()?.plus_seconds(LOADED_BEFORE))
}

/// The overrides that make more answers right than they make wrong.
fn overrides(trees: &Trees, served: &Trees) -> Map<String, Value> {
    let Some((_, newest)) = trees.last_key_value() else {
        return Map::new();
    };
    let pairs = || trees.iter().map(|(version, tree)| (tree, &served[version]));
    let wrong = pairs().flat_map(|(tree, served)| wrong_leaves(tree, served));
    let wrong: BTreeSet<_> = wrong.collect();
    let mends = |path: &&str| {
        let wanted = newest.get(*path);
        let before = pairs().filter(|(tree, served)| agree(path, tree, served.get(*path)));
        let after = pairs().filter(|(tree, _)| agree(path, tree, wanted));
        can_be_set(path, wanted) && after.count() > before.count()
    };
    let change = |path: &str| {
        let text = newest.get(path).and_then(CapturedNode::text);
        (path.to_owned(), text.map_or(Value::Null, Value::from))
    };
    // An emulator has no leaf below a leaf.
    let mut together = Overrides::default();
    let mut can_be = |(path, change): &(String, Value)| {
        let text = change.as_str().map(str::to_owned);
        let change = text.map_or(Override::Gone, Override::Text);
        together.set(path, change).is_ok()
    };
    let changes = wrong.into_iter().filter(mends).map(change);
    changes.filter(|change| can_be(change)).collect()
}

/// The paths of leaves at which the two do not agree.
fn wrong_leaves<'t>(tree: &'t Tree, served: &'t Tree) -> Vec<&'t str> {
    let paths: BTreeSet<_> = tree.keys().chain(served.keys()).collect();
    let leaves = paths.into_iter().map(String::as_str);
    leaves
        .filter(|path| !path.ends_with('/') && !agree(path, tree, served.get(*path)))
        .collect()
}

/// Whether an answer is right; of what is secret, and of what moves, only that
/// there is one.
fn agree(path: &str, tree: &Tree, served: Option<&CapturedNode>) -> bool {
    match (tree.get(path), served) {
        (Some(CapturedNode::Withheld), _) if path == "user-data" => true,
        (Some(_), Some(_)) if is_credentials(path) || is_signature(path) => true,
        (Some(one), Some(other)) if DATED.contains(&path) => dateless(one) == dateless(other),
        (captured, served) => captured == served,
    }
}

/// A document without its date.
fn dateless(found: &CapturedNode) -> Option<Value> {
    let mut document: Value = serde_json::from_str(found.text()?).ok()?;
    document.as_object_mut()?.remove(DATE);
    Some(document)
}

/// Whether an override can put this at a path.
fn can_be_set(path: &str, wanted: Option<&CapturedNode>) -> bool {
    let is_below = |root: &str| path.starts_with(root);
    let is_metadata = is_below("meta-data/") || is_below("dynamic/");
    match wanted {
        None => is_metadata,
        Some(CapturedNode::Text(_)) => is_metadata && !is_credentials(path) && !is_signature(path),
        Some(CapturedNode::Octets(_) | CapturedNode::Withheld) => false,
    }
}

/// What is not as it was captured; of directories, where only the listing is
/// another.
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

/// A description without fields that say nothing.
fn without_nothing(document: Value) -> Value {
    match document {
        Value::Object(fields) => {
            let fields = fields.into_iter();
            let fields = fields.map(|(name, value)| (name, without_nothing(value)));
            let said = fields.filter(|(name, value)| {
                let says_something = match value {
                    Value::Null => false,
                    Value::Array(items) => !items.is_empty(),
                    Value::Object(fields) => !fields.is_empty(),
                    _ => true,
                };
                says_something || name == "IamInstanceProfile"
            });
            Value::Object(said.collect())
        }
        Value::Array(items) => items.into_iter().map(without_nothing).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::describe::describe;
    use super::*;

    /// What an instance serves, captured with changes in some versions.
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
    fn what_follows_from_facts_needs_no_override() {
        let found = captured(|_, _| {});
        assert_eq!(found.document["Imdsim"].get("Overrides"), None);
        assert_eq!(found.left, <[String; 0]>::default());
    }

    #[test]
    fn what_is_so_in_every_version_becomes_an_override() {
        let found = captured(|_, tree| {
            tree.insert("meta-data/odd".into(), text("x"));
            tree.remove("meta-data/ami-launch-index");
        });
        assert_eq!(
            found.document["Imdsim"]["Overrides"],
            json!({ "meta-data/ami-launch-index": null, "meta-data/odd": "x" })
        );
        // The listings were left as they were.
        assert_eq!(found.left.len(), 3, "{:?}", found.left);
    }

    #[test]
    fn what_is_so_in_one_version_only_is_named() {
        let found = captured(|version, tree| {
            if version == "1.0" {
                tree.insert("meta-data/ami-id".into(), text("ami-1"));
            }
        });
        assert_eq!(found.left, ["1.0/meta-data/ami-id"]);
    }
}

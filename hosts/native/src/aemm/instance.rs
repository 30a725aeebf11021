//! Writes the values of the mock's configuration into the description as facts,
//! so that no two answers contradict each other. Values without such a fact
//! become overrides at their paths.

use std::borrow::Cow;

use imdsim::{Config, ImdsVersion, Node, ResolvedInstance, Settings, State, UnixMillis, find};
use serde_json::Value;

use super::layers::{Layers, SourcedValue};
use super::paths::{FIXED_PATHS, PLACEHOLDERS};
use crate::error::Failure;
use crate::facts::{Category, DYNAMIC, FIELDS, Fact, METADATA, primary, validate, write};

/// The first segment of every path of the mock.
const VERSION: &str = "latest";

/// Returns the description with all values written into it, or `None` if there
/// are no values.
pub(super) fn describe(layers: &mut Layers, before: &Value) -> Result<Option<Value>, Failure> {
    let concerns_the_instance = |(key, _): (&str, &SourcedValue)| {
        ["metadata.", "dynamic.", "userdata.paths."]
            .iter()
            .any(|section| key.starts_with(section))
    };
    if !layers.all().any(concerns_the_instance) {
        return Ok(None);
    }
    let mut document = before.clone();
    write_fields(layers, &mut document);
    write_categories(layers, &mut document);
    complete_groups(&mut document);
    complete_credentials(&mut document);
    warn_of_contradictions(layers, &document);
    place_texts(layers, &mut document)?;
    move_paths(layers, &mut document)?;
    Ok(Some(document))
}

/// All categories, each with its section.
fn categories() -> impl Iterator<Item = (&'static str, &'static Category)> {
    let sections = [("dynamic", DYNAMIC), ("metadata", METADATA)];
    sections
        .into_iter()
        .flat_map(|(section, categories)| categories.iter().map(move |one| (section, one)))
}

fn value_key(section: &str, category: &Category) -> String {
    format!("{section}.values.{}", category.name)
}

/// Writes the fields of documents. They come first, so that a category of its
/// own takes precedence.
fn write_fields(layers: &mut Layers, document: &mut Value) {
    for (key, fact) in FIELDS {
        let Some(given) = layers.get(key).cloned() else {
            continue;
        };
        if matches!(fact, Fact::Derived) {
            layers.warn(format_args!(
                "{}: imdsim works this out itself; ignored",
                given.place
            ));
        } else if let Err(problem) = validate(fact, &given.text()) {
            layers.warn(format_args!("{}: {problem}; ignored", given.place));
        } else {
            write(document, fact, &given.text());
        }
    }
}

/// Writes the values that are facts.
fn write_categories(layers: &mut Layers, document: &mut Value) {
    for (section, category) in categories() {
        let key = value_key(section, category);
        let Some(given) = layers.get(&key).cloned() else {
            continue;
        };
        match validate(&category.fact, &given.text()) {
            Ok(()) => write(document, &category.fact, &given.text()),
            Err(problem) => layers.warn(format_args!(
                "{}: {problem}; served at its path and nowhere else",
                given.place
            )),
        }
    }
}

/// Completes security groups, which need both an id and a name.
fn complete_groups(document: &mut Value) {
    let primary = format!("/NetworkInterfaces/{}/Groups", primary(document));
    for place in ["/SecurityGroups", &primary] {
        let groups = document.pointer_mut(place).and_then(Value::as_array_mut);
        for (index, group) in groups.into_iter().flatten().enumerate() {
            if group["GroupId"].is_null() {
                group["GroupId"] = format!("sg-{:017x}", index + 1).into();
            }
            if group["GroupName"].is_null() {
                group["GroupName"] = "default".into();
            }
        }
    }
}

/// Adds the mock's default session token to credentials without one.
fn complete_credentials(document: &mut Value) {
    let keys = document.pointer_mut("/Imdsim/Credentials");
    if let Some(keys) = keys.filter(|keys| keys.is_object())
        && keys["Token"].is_null()
        && keys["SessionToken"].is_null()
    {
        keys["Token"] = "token".into();
    }
}

/// Warns of document fields that a category has overruled.
fn warn_of_contradictions(layers: &mut Layers, document: &Value) {
    for (key, fact) in FIELDS {
        let (Fact::Text(places), Some(given)) = (fact, layers.get(key).cloned()) else {
            continue;
        };
        let here = document.pointer(places[0]).and_then(Value::as_str);
        if let Some(here) = here.filter(|here| *here != given.text())
            && validate(fact, &given.text()).is_ok()
        {
            layers.warn(format_args!(
                "{}: metadata.values say {here:?}, which counts; ignored",
                given.place
            ));
        }
    }
}

/// Adds an override for every path that does not already show the value.
fn place_texts(layers: &Layers, document: &mut Value) -> Result<(), Failure> {
    let shown = Shown::new(document)?;
    let mut overrides = Vec::new();
    for (section, category) in categories() {
        let key = value_key(section, category);
        let Some(given) = layers.get(&key) else {
            continue;
        };
        let path = filled(category.path, &|name| actual(layers, &shown, name));
        let text = given.text();
        match shown.at(&path) {
            // A directory cannot become a leaf.
            Some(Node::Listing(_)) => {}
            Some(Node::Text(found)) if found.trim_end() == text.trim_end() => {}
            _ => overrides.push((path, text)),
        }
    }
    for (path, text) in overrides {
        document["Imdsim"]["Overrides"][path] = text.into();
    }
    Ok(())
}

/// Moves values to their configured paths.
fn move_paths(layers: &mut Layers, document: &mut Value) -> Result<(), Failure> {
    for (key, path) in FIXED_PATHS {
        if let Some(given) = layers.get(key).cloned()
            && !stays(layers, path, &given.text())
        {
            layers.warn(format_args!(
                "{}: this has a path that stays; ignored",
                given.place
            ));
        }
    }
    for (section, category) in categories() {
        let key = format!("{section}.paths.{}", category.name);
        let Some(given) = layers.get(&key).cloned() else {
            continue;
        };
        if stays(layers, category.path, &given.text()) {
            continue;
        }
        let to = below_version(&given.text()).ok_or_else(|| {
            let remedy = format!("write one below /{VERSION}/meta-data/");
            given.refuse("is not a metadata path", &remedy)
        })?;
        let shown = Shown::new(document)?;
        let from = filled(category.path, &|name| actual(layers, &shown, name));
        let Some(Node::Text(text)) = shown.at(&from) else {
            layers.warn(format_args!(
                "{}: /{VERSION}/{from} has no text to move; ignored",
                given.place
            ));
            continue;
        };
        let text = text.into_owned();
        document["Imdsim"]["Overrides"][from] = false.into();
        document["Imdsim"]["Overrides"][to] = text.into();
    }
    Ok(())
}

/// Whether the configured path is the category's own path, with either the
/// mock's placeholders or the configured values in it.
fn stays(layers: &Layers, path: &str, given: &str) -> bool {
    let to = below_version(given);
    let default = filled(path, &|name| placeholder(name).to_owned());
    let configured = filled(path, &|name| configured(layers, name));
    to.is_some_and(|to| to == default || to == configured)
}

/// Removes the version from a metadata path. Returns `None` for other paths.
fn below_version(path: &str) -> Option<String> {
    let path = imdsim::normalize(path);
    let path = path.strip_prefix(VERSION)?.strip_prefix('/')?;
    let roots = ["meta-data/", "dynamic/"];
    let is_metadata = roots.iter().any(|root| path.starts_with(root)) || path == "user-data";
    is_metadata.then(|| path.to_owned())
}

/// The mock's placeholder for a name in braces.
fn placeholder(name: &str) -> &'static str {
    let known = PLACEHOLDERS.iter().find(|(known, _)| *known == name);
    known.map_or("", |(_, value)| value)
}

/// The configured value for a name in braces, else the mock's placeholder.
fn configured(layers: &Layers, name: &str) -> String {
    let given = layers.text(&format!("metadata.values.{name}"));
    given.unwrap_or_else(|| placeholder(name).to_owned())
}

/// The instance's value for a name in braces.
fn actual(layers: &Layers, shown: &Shown, name: &str) -> String {
    if let Some(Node::Text(text)) = shown.at(&format!("meta-data/{name}")) {
        text.into_owned()
    } else {
        configured(layers, name)
    }
}

/// Replaces the names in braces.
fn filled(path: &str, value: &dyn Fn(&str) -> String) -> String {
    let mut filled = Cow::Borrowed(path);
    for (name, _) in PLACEHOLDERS {
        let brace = format!("{{{name}}}");
        if filled.contains(&brace) {
            filled = filled.replace(&brace, &value(name)).into();
        }
    }
    filled.into_owned()
}

/// The metadata of an instance.
struct Shown {
    resolved: ResolvedInstance,
    now: UnixMillis,
}

impl Shown {
    fn new(document: &Value) -> Result<Self, Failure> {
        let mut settings = Settings::default();
        settings.set("metadata.values", "instance", &document.to_string())?;
        let config = Config::new(&settings)?;
        let now = config.instance.launch_time;
        let resolved = ResolvedInstance::new(config, State::default(), now)?;
        Ok(Self { resolved, now })
    }

    fn at(&self, path: &str) -> Option<Node<'_>> {
        let view = self.resolved.view(self.now, ImdsVersion::V2);
        find(&view, &format!("{VERSION}/{path}"))
    }
}

#[cfg(test)]
mod tests;

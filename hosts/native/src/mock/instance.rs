//! The values of the mock's configuration as facts of the instance, so that no
//! two answers contradict each other; where there is no such fact, as texts at
//! their paths.

use std::borrow::Cow;

use imdsim::{Config, Imds, Node, Settings, State, UnixMillis, World, find};
use serde_json::Value;

use super::facts::{Category, DYNAMIC, FIELDS, FIXED_PATHS, METADATA, PLACEHOLDERS};
use super::layers::{Given, Layers};
use crate::facts::{Fact, primary, understood, write};
use crate::fail::Failure;

/// How every path of the mock begins.
const VERSION: &str = "latest";

/// The description with all values written into it, if there are any.
pub(super) fn describe(layers: &mut Layers, before: &Value) -> Result<Option<Value>, Failure> {
    let speaks_of_it = |(key, _): (&str, &Given)| {
        ["metadata.", "dynamic.", "userdata.paths."]
            .iter()
            .any(|section| key.starts_with(section))
    };
    if !layers.all().any(speaks_of_it) {
        return Ok(None);
    }
    let mut document = before.clone();
    write_fields(layers, &mut document);
    write_categories(layers, &mut document);
    complete_groups(&mut document);
    warn_of_contradictions(layers, &document);
    place_texts(layers, &mut document)?;
    move_paths(layers, &mut document)?;
    Ok(Some(document))
}

/// The categories, each with the section it is in.
fn categories() -> impl Iterator<Item = (&'static str, &'static Category)> {
    let sections = [("dynamic", DYNAMIC), ("metadata", METADATA)];
    sections
        .into_iter()
        .flat_map(|(section, categories)| categories.iter().map(move |one| (section, one)))
}

fn value_key(section: &str, category: &Category) -> String {
    format!("{section}.values.{}", category.name)
}

/// Fields of documents come first: a category of its own wins over them.
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
        } else if let Err(problem) = understood(fact, &given.text()) {
            layers.warn(format_args!("{}: {problem}; ignored", given.place));
        } else {
            write(document, fact, &given.text());
        }
    }
}

/// Writes the values that can be facts.
fn write_categories(layers: &mut Layers, document: &mut Value) {
    for (section, category) in categories() {
        let key = value_key(section, category);
        let Some(given) = layers.get(&key).cloned() else {
            continue;
        };
        match understood(&category.fact, &given.text()) {
            Ok(()) => write(document, &category.fact, &given.text()),
            Err(problem) => layers.warn(format_args!(
                "{}: {problem}; served at its path and nowhere else",
                given.place
            )),
        }
    }
}

/// A security group has an id and a name, also where one of them is not said.
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

/// Names the fields of documents that another value has overruled.
fn warn_of_contradictions(layers: &mut Layers, document: &Value) {
    for (key, fact) in FIELDS {
        let (Fact::Text(places), Some(given)) = (fact, layers.get(key).cloned()) else {
            continue;
        };
        let here = document.pointer(places[0]).and_then(Value::as_str);
        if let Some(here) = here.filter(|here| *here != given.text())
            && understood(fact, &given.text()).is_ok()
        {
            layers.warn(format_args!(
                "{}: metadata.values say {here:?}, which counts; ignored",
                given.place
            ));
        }
    }
}

/// Puts a text at every path that does not show it by itself.
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

/// Moves texts to the paths that the configuration gives them.
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
            given.refuse("is no path of metadata", &remedy)
        })?;
        let shown = Shown::new(document)?;
        let from = filled(category.path, &|name| actual(layers, &shown, name));
        let Some(Node::Text(text)) = shown.at(&from) else {
            layers.warn(format_args!(
                "{}: there is no text at /{VERSION}/{from} to be moved; ignored",
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

/// Whether the path given for a category is the one that it has. One with the
/// mock's own placeholders in it is, and one with the values given for them.
fn stays(layers: &Layers, path: &str, given: &str) -> bool {
    let to = below_version(given);
    let default = filled(path, &|name| preset(name).to_owned());
    let said = filled(path, &|name| said(layers, name));
    to.is_some_and(|to| to == default || to == said)
}

/// A path of metadata without its version.
fn below_version(path: &str) -> Option<String> {
    let path = imdsim::normalize(path);
    let path = path.strip_prefix(VERSION)?.strip_prefix('/')?;
    let roots = ["meta-data/", "dynamic/"];
    let is_metadata = roots.iter().any(|root| path.starts_with(root)) || path == "user-data";
    is_metadata.then(|| path.to_owned())
}

/// What the mock has in the place of a name in braces.
fn preset(name: &str) -> &'static str {
    let known = PLACEHOLDERS.iter().find(|(known, _)| *known == name);
    known.map_or("", |(_, value)| value)
}

/// What was given for a name in braces, else what the mock has.
fn said(layers: &Layers, name: &str) -> String {
    let given = layers.text(&format!("metadata.values.{name}"));
    given.unwrap_or_else(|| preset(name).to_owned())
}

/// What the instance has in the place of a name in braces.
fn actual(layers: &Layers, shown: &Shown, name: &str) -> String {
    if let Some(Node::Text(text)) = shown.at(&format!("meta-data/{name}")) {
        text.into_owned()
    } else {
        said(layers, name)
    }
}

/// A path with the names in braces filled in.
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

/// What an instance shows.
struct Shown {
    world: World,
    now: UnixMillis,
}

impl Shown {
    fn new(document: &Value) -> Result<Self, Failure> {
        let mut settings = Settings::default();
        settings.set("metadata.values", "instance", &document.to_string())?;
        let config = Config::new(&settings)?;
        let now = config.instance.launch_time;
        let world = World::new(config, State::default(), now)?;
        Ok(Self { world, now })
    }

    fn at(&self, path: &str) -> Option<Node<'_>> {
        let view = self.world.view(self.now, Imds::V2);
        find(&view, &format!("{VERSION}/{path}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What an instance with these values shows at some paths, and what is
    /// said about them.
    struct Described {
        shown: Shown,
        warnings: Vec<String>,
    }

    impl Described {
        fn new(file: &str) -> Self {
            let mut layers = Layers::default();
            layers.add_file("aemm.json", file).unwrap();
            let before = json!({ "IamInstanceProfile": {} });
            let document = describe(&mut layers, &before).unwrap().unwrap();
            Self {
                shown: Shown::new(&document).unwrap(),
                warnings: layers.warnings,
            }
        }

        #[track_caller]
        fn check(&self, path: &str, expected: Option<&str>) {
            let found = match self.shown.at(path) {
                Some(Node::Text(text)) => Some(text.trim_end().to_owned()),
                Some(Node::Listing(names)) => Some(names),
                _ => None,
            };
            assert_eq!(found.as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn nothing_said_of_the_instance_leaves_it_as_it_is() {
        let mut layers = Layers::default();
        layers.add_file("aemm.json", r#"{"imdsv2": true}"#).unwrap();
        assert_eq!(describe(&mut layers, &json!({})).unwrap(), None);
    }

    #[test]
    fn a_value_is_a_fact_wherever_it_shows() {
        let described = Described::new(
            r#"{"metadata": {"values": {
                "instance-id": "i-0aaaaaaaaaaaaaaaa", "mac": "0e:00:00:00:00:01",
                "local-ipv4": "10.1.2.3", "placement-availability-zone": "eu-west-1b",
                "security-groups": "web\nssh", "tags-instance-name": "blue",
                "iam-security-credentials-role": "reader",
                "public-key": "ssh-ed25519 AAAA mine"}}}"#,
        );
        for (path, expected) in [
            ("meta-data/instance-id", "i-0aaaaaaaaaaaaaaaa"),
            ("meta-data/network/interfaces/macs", "0e:00:00:00:00:01/"),
            (
                "meta-data/network/interfaces/macs/0e:00:00:00:00:01/local-ipv4s",
                "10.1.2.3",
            ),
            (
                "meta-data/hostname",
                "ip-10-1-2-3.eu-west-1.compute.internal",
            ),
            ("meta-data/placement/region", "eu-west-1"),
            ("meta-data/security-groups", "web\nssh"),
            ("meta-data/tags/instance/Name", "blue"),
            ("meta-data/iam/security-credentials", "reader"),
            (
                "meta-data/public-keys/0/openssh-key",
                "ssh-ed25519 AAAA mine",
            ),
        ] {
            described.check(path, Some(expected));
        }
        assert!(described.warnings.is_empty(), "{:?}", described.warnings);
    }

    #[test]
    fn a_value_that_is_no_fact_is_a_text_at_its_path() {
        let described = Described::new(
            r#"{"metadata": {"values": {
                "hostname": "one.example", "local-hostname": "two.example",
                "block-device-mapping-ebs": "sdb", "public-ipv4": "198.51.100.7",
                "mac-ipv4-associations": "198.51.100.7", "mac-network-interface-card-index": "0"}},
               "dynamic": {"values": {"fws-instance-monitoring": "disabled"}}}"#,
        );
        described.check("meta-data/hostname", Some("one.example"));
        described.check("meta-data/local-hostname", Some("two.example"));
        described.check("meta-data/block-device-mapping/ebs0", Some("sdb"));
        described.check("dynamic/fws/instance-monitoring", Some("disabled"));
        let Some(Node::Text(mac)) = described.shown.at("meta-data/mac") else {
            panic!("it has a MAC address");
        };
        let interface = format!("meta-data/network/interfaces/macs/{mac}");
        let association = format!("{interface}/ipv4-associations/198.51.100.7");
        described.check(&association, Some("198.51.100.7"));
        described.check(&format!("{interface}/network-card-index"), Some("0"));
        assert!(described.warnings.is_empty(), "{:?}", described.warnings);
    }

    #[test]
    fn a_value_that_no_instance_can_have_is_served_with_a_warning() {
        let described = Described::new(r#"{"metadata": {"values": {"mac": "FOO"}}}"#);
        described.check("meta-data/mac", Some("FOO"));
        assert_eq!(
            described.warnings,
            [
                "aemm.json: metadata.values.mac: NetworkInterfaces[0].MacAddress: \"FOO\" is not \
                 a MAC address; write six bytes in hexadecimal, as in 0e:ff:cd:d5:fd:4f; served \
                 at its path and nowhere else"
            ]
        );
    }

    #[test]
    fn fields_of_documents_are_facts_unless_a_category_says_otherwise() {
        let described = Described::new(
            r#"{"metadata": {"values": {"instance-type": "m5.large", "iam-info": {
                    "code": "InstanceProfileNotFound", "lastupdated": "2020-04-02T18:50:40Z"}}},
                "dynamic": {"values": {"instance-identity-document": {
                    "instanceType": "t3.nano", "imageId": "ami-1", "kernelId": null,
                    "marketplaceProductCodes": ["a", "b"]}}}}"#,
        );
        described.check("meta-data/instance-type", Some("m5.large"));
        described.check("meta-data/ami-id", Some("ami-1"));
        described.check("meta-data/product-codes", Some("a\nb"));
        let Some(Node::Text(info)) = described.shown.at("meta-data/iam/info") else {
            panic!("it has a profile");
        };
        assert!(info.contains("InstanceProfileNotFound"), "{info}");
        assert_eq!(
            described.warnings,
            [
                "aemm.json: metadata.values.iam-info.lastupdated: imdsim works this out itself; \
                 ignored",
                "aemm.json: dynamic.values.instance-identity-document.instanceType: \
                 metadata.values say \"m5.large\", which counts; ignored",
            ]
        );
    }

    #[test]
    fn a_path_moves_its_text_unless_it_is_the_usual_one() {
        let described = Described::new(
            r#"{"metadata": {
                "values": {"mac": "0e:00:00:00:00:01", "instance-id": "i-0aaaaaaaaaaaaaaaa"},
                "paths": {
                    "instance-id": "/latest/meta-data/name",
                    "ami-id": "/latest/meta-data/ami-id",
                    "mac-mac": "/latest/meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/mac",
                    "mac-owner-id": "/latest/meta-data/network/interfaces/macs/0e:00:00:00:00:01/owner-id",
                    "spot": "/latest/meta-data/spot/elsewhere",
                    "kernel-id": "/latest/meta-data/kernel"}}}"#,
        );
        described.check("meta-data/name", Some("i-0aaaaaaaaaaaaaaaa"));
        described.check("meta-data/instance-id", None);
        described.check(
            "meta-data/network/interfaces/macs",
            Some("0e:00:00:00:00:01/"),
        );
        assert_eq!(
            described.warnings,
            [
                "aemm.json: metadata.paths.spot: this has a path that stays; ignored",
                "aemm.json: metadata.paths.kernel-id: there is no text at \
                 /latest/meta-data/kernel-id to be moved; ignored",
            ]
        );
    }

    #[test]
    fn a_path_that_is_none_of_metadata_is_refused() {
        let mut layers = Layers::default();
        let file = r#"{"metadata": {"paths": {"ami-id": "/2019-10-01/ami"}}}"#;
        layers.add_file("aemm.json", file).unwrap();
        assert_eq!(
            describe(&mut layers, &json!({})).unwrap_err().to_string(),
            "aemm.json: metadata.paths.ami-id: \"/2019-10-01/ami\" is no path of metadata; \
             write one below /latest/meta-data/"
        );
    }
}

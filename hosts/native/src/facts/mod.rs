//! Facts of an instance, and their places in its description.

mod categories;
mod pointer;

use imdsim::instance::Instance;
use serde_json::{Value, json};

pub(crate) use categories::{Category, DYNAMIC, FIELDS, METADATA};
pub(crate) use pointer::{primary, put};

/// The place of a value in the description. Places are JSON pointers; `@` is
/// the first network interface.
#[derive(Clone, Copy)]
pub(crate) enum Fact {
    /// No fact: the text is served at its path only.
    Nothing,
    /// The text at each of these places.
    Text(&'static [&'static str]),
    /// The number at this place.
    Number(&'static str),
    /// A list of texts at this place, one item per line.
    Texts(&'static str),
    /// A field of the objects in the list at each of these places, one item per
    /// line.
    Items(&'static [&'static str], &'static str),
    /// The value of the tag with this key.
    Tag(&'static str),
    /// A public key in OpenSSH format.
    PublicKey,
    /// `Success`, or the failure code at this place.
    Code(&'static str),
    /// Derived by imdsim from other facts.
    Derived,
}

/// Checks whether an instance can have this fact.
pub(crate) fn validate(fact: &Fact, text: &str) -> Result<(), imdsim::Problem> {
    // Credentials require all three fields.
    let mut probe = json!({ "Imdsim": { "Credentials": {
        "AccessKeyId": "ASIA", "SecretAccessKey": "secret", "Token": "token" } } });
    write(&mut probe, fact, text);
    Instance::read(&probe).map(|_| ())
}

/// Writes a fact into a description.
pub(crate) fn write(document: &mut Value, fact: &Fact, text: &str) {
    let lines = || text.lines().filter(|line| !line.is_empty());
    match *fact {
        Fact::Nothing | Fact::Derived => {}
        Fact::Text(places) => {
            for place in places {
                put(document, place, text.into());
            }
        }
        Fact::Number(place) => {
            let number = text.parse::<u32>().map_or(text.into(), Value::from);
            put(document, place, number);
        }
        Fact::Texts(place) => put(document, place, lines().collect()),
        Fact::Items(places, field) => {
            for place in places {
                for (index, line) in lines().enumerate() {
                    put(document, &format!("{place}/{index}/{field}"), line.into());
                }
            }
        }
        Fact::Tag(key) => {
            put(
                document,
                "/MetadataOptions/InstanceMetadataTags",
                "enabled".into(),
            );
            let tags = document["Tags"].as_array().into_iter().flatten();
            let mut keys = tags.map(|tag| tag["Key"].as_str());
            let count = document["Tags"].as_array().map_or(0, Vec::len);
            let index = keys.position(|known| known == Some(key)).unwrap_or(count);
            let tag = json!({ "Key": key, "Value": text });
            put(document, &format!("/Tags/{index}"), tag);
        }
        Fact::PublicKey => {
            let name = text.split_whitespace().nth(2);
            let name = name.or(document["KeyName"].as_str()).unwrap_or("key");
            let key = json!({ "KeyName": name, "OpenSshKey": text });
            put(document, "/Imdsim/PublicKeys/0", key);
        }
        Fact::Code(place) => {
            if text != "Success" {
                put(document, place, text.into());
            }
        }
    }
    // A role and its credentials require an instance profile.
    let speaks_of_role = |place: &&str| {
        ["/Imdsim/RoleName", "/Imdsim/Credentials"]
            .iter()
            .any(|role| place.starts_with(role))
    };
    if let Fact::Text(places) = fact
        && places.iter().any(speaks_of_role)
        && document["IamInstanceProfile"].is_null()
    {
        document["IamInstanceProfile"] = json!({});
    }
}

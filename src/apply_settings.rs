//! Settings that change the description of the instance. Each is validated on
//! its own and then written into the description.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::description::{
    Base64, Description, MetadataOptionsDescription, Override, Read as _, RealCredentials,
};
use crate::instance::{BUILT_IN, MetadataOptions, Overrides, RealKeys, check_user_data};
use crate::path;
use crate::problem::Problem;
use crate::settings::{Settings, SourcedValue};
use crate::small_sort;
use crate::tree;

/// Returns the description of the instance with all settings applied, and the
/// ids of all described instances; `None` if no setting changes the built-in
/// instance.
pub(crate) fn description(settings: &Settings) -> Result<Option<Description>, Problem> {
    let options = OPTIONS.iter().map(|(key, _)| *key);
    if !DESCRIBING
        .into_iter()
        .chain(options)
        .any(|key| settings.get(key).is_some())
    {
        return Ok(None);
    }
    let mut description = match settings.get("instance") {
        Some(given) => given.read(Description::read)?,
        None => Description::read(&BUILT_IN)?,
    };
    // The description is valid, so the parts to write to are objects or absent.
    let document = &mut description.document;
    for (key, field) in OPTIONS {
        if let Some(given) = settings.get(key) {
            document["MetadataOptions"][field] = option(given, field)?;
        }
    }
    if let Some(given) = settings.get("credentials") {
        document["Imdsim"]["Credentials"] = credentials(given, document)?;
    }
    if let Some(given) = settings.get("overrides") {
        let overrides = overrides(given)?;
        // The description may spell the same paths differently.
        if let Some(Value::Object(before)) = document.pointer_mut("/Imdsim/Overrides") {
            before.retain(|path, _| !overrides.contains_key(&*path::normalize(path)));
        }
        for (path, change) in overrides {
            document["Imdsim"]["Overrides"][path] = change;
        }
    }
    if let Some(given) = settings.get("user_data") {
        document["Imdsim"]["UserData"] = user_data(given)?;
    }
    // `false` means the same as `null`, and can be part of a merge patch.
    if let Some(Value::Object(overrides)) = document.pointer_mut("/Imdsim/Overrides") {
        for change in overrides.values_mut().filter(|change| change.is_null()) {
            *change = false.into();
        }
    }
    Ok(Some(description))
}

/// The settings that describe the instance, apart from its metadata options.
const DESCRIBING: [&str; 4] = ["credentials", "instance", "overrides", "user_data"];

/// The settings that are metadata options, with their names in EC2's API.
const OPTIONS: [(&str, &str); 5] = [
    ("http_endpoint", "HttpEndpoint"),
    ("http_protocol_ipv6", "HttpProtocolIpv6"),
    ("http_put_response_hop_limit", HOP_LIMIT),
    ("http_tokens", "HttpTokens"),
    ("instance_metadata_tags", "InstanceMetadataTags"),
];

const HOP_LIMIT: &str = "HttpPutResponseHopLimit";

/// Parses the value of an option. The number may be a string, as in variables.
fn option(given: &SourcedValue, field: &str) -> Result<Value, Problem> {
    let mut value = given.value.clone();
    if field == HOP_LIMIT
        && let Some(text) = given.value.as_str()
    {
        let number: Option<u32> = text.parse().ok();
        let message = || format!("{text:?} is not a number; write one from 1 to 64");
        value = number
            .ok_or_else(|| Problem::new(&given.place, message()))?
            .into();
    }
    MetadataOptionsDescription::read(&json!({ field: value }))
        .and_then(|options| MetadataOptions::new(&options))
        .map_err(|problem| problem.at(&given.place))?;
    Ok(value)
}

/// Parses real credentials, which stay out of the description so that it can be
/// shared.
fn credentials(given: &SourcedValue, document: &Value) -> Result<Value, Problem> {
    if document["IamInstanceProfile"].is_null() {
        return Err(Problem::new(
            &given.place,
            "the instance has no profile, so it shows no credentials; describe its \
             IamInstanceProfile, {} will do",
        ));
    }
    given.read(|document| {
        // The AWS CLI prints further fields around and beside the credentials.
        let keys = document.get("Credentials").unwrap_or(document);
        let fields = keys.as_object().into_iter().flatten();
        let known = fields.filter(|(key, _)| RealCredentials::FIELDS.contains(&key.as_str()));
        let keys = small_sort::object(known.map(|(key, value)| (key.as_str(), value.clone())));
        RealKeys::new(&RealCredentials::read(&keys)?)?;
        Ok(keys)
    })
}

fn overrides(given: &SourcedValue) -> Result<BTreeMap<String, Value>, Problem> {
    given.read(|document| {
        let overrides = BTreeMap::<String, Override>::read(document)?;
        tree::check_overrides(&Overrides::new(&overrides)?)?;
        let fields = document.as_object().into_iter().flatten();
        let fields =
            fields.map(|(path, change)| (path::normalize(path).into_owned(), change.clone()));
        Ok(small_sort::map(fields))
    })
}

/// Parses user data in base64, the format of EC2's API.
fn user_data(given: &SourcedValue) -> Result<Value, Problem> {
    let checked = Base64::read(&given.value).and_then(|Base64(bytes)| {
        check_user_data(&bytes).map_err(|message| Problem::new("", message))
    });
    checked.map_err(|problem| problem.at(&given.place))?;
    Ok(given.value.clone())
}

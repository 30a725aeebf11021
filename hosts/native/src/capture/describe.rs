//! Derives a description of the instance from the newest version of a captured
//! service.

use imdsim::LATEST;
use jiff::civil::DateTime;
use serde_json::{Value, json};

use super::network;
use super::newest::Newest;
use super::trees::{CapturedNode, Trees};
use crate::facts::{FIELDS, Fact, METADATA, put, validate, write};

use Fact::{Text, Texts};

/// Facts that the AWS mock does not have.
#[rustfmt::skip]
const MORE: &[(&str, Fact)] = &[
    ("dynamic/fws/instance-monitoring",                 Text(&["/Monitoring/State"])),
    ("meta-data/ancestor-ami-ids",                      Texts("/Imdsim/AncestorAmiIds")),
    ("meta-data/autoscaling/target-lifecycle-state",    Text(&["/Imdsim/TargetLifecycleState"])),
    ("meta-data/managed-ssh-keys/signer-cert",          Text(&["/Imdsim/ManagedSshKeys/SignerCert"])),
    ("meta-data/outpost-arn",                           Text(&["/OutpostArn"])),
    ("meta-data/profile",                               Text(&["/Imdsim/Profile"])),
    ("meta-data/system",                                Text(&["/Imdsim/System"])),
];

/// JSON documents, and the prefixes of their fields among the mock's keys.
const DOCUMENTS: [(&str, &str); 2] = [
    (
        "dynamic/instance-identity/document",
        "dynamic.values.instance-identity-document.",
    ),
    ("meta-data/iam/info", "metadata.values.iam-info."),
];

/// Returns a description of the captured instance.
pub(super) fn describe(trees: &Trees, requires_token: bool) -> Value {
    let versions: Vec<_> = trees.keys().filter(|name| *name != LATEST).collect();
    let mut document = json!({ "Imdsim": { "ApiVersions": versions } });
    if requires_token {
        put(
            &mut document,
            "/MetadataOptions/HttpTokens",
            "required".into(),
        );
    }
    if let Some((_, tree)) = trees.last_key_value() {
        let newest = Newest(tree);
        newest.texts(&mut document);
        // Documents come later, so that they take precedence: a text may be an
        // override at one path, and a document follows from more facts.
        newest.documents(&mut document);
        newest.lists(&mut document);
        newest.role(&mut document);
        newest.notices(&mut document);
        newest.user_data(&mut document);
        network::describe(&newest, &mut document);
    }
    document
}

impl Newest<'_> {
    fn texts(&self, document: &mut Value) {
        for category in METADATA {
            self.fact(document, category.path, &category.fact);
        }
        for (path, fact) in MORE {
            self.fact(document, path, fact);
        }
    }

    fn documents(&self, document: &mut Value) {
        for (path, prefix) in DOCUMENTS {
            let fields = self.json(path);
            for (key, fact) in FIELDS {
                // The texts have these lists complete and in order.
                if matches!(fact, Fact::Items(..)) {
                    continue;
                }
                let field = key.strip_prefix(prefix);
                let text = field.and_then(|field| plain(&fields[field]));
                if let Some(text) = text.filter(|text| validate(fact, text).is_ok()) {
                    write(document, fact, &text);
                }
            }
        }
        // The best estimate of the launch time.
        if let Some(extras) = document["Imdsim"].as_object_mut()
            && let Some(time) = extras.remove("PendingTime")
        {
            document["LaunchTime"] = time;
        }
    }

    fn lists(&self, document: &mut Value) {
        let devices = self.leaves("meta-data/block-device-mapping/");
        let devices = devices.filter(|(name, _)| !["ami", "root"].contains(name));
        document["BlockDeviceMappings"] = devices
            .map(|(name, device)| json!({ "VirtualName": name, "DeviceName": device }))
            .collect();
        let mut keys: Vec<_> = self
            .text("meta-data/public-keys/")
            .into_iter()
            .flat_map(str::lines)
            .filter_map(|line| line.split_once('='))
            .filter_map(|(index, name)| {
                let line = self.text(&format!("meta-data/public-keys/{index}/openssh-key"))?;
                let key = json!({ "KeyName": name, "OpenSshKey": line });
                Some((index.parse::<u32>().ok()?, key))
            })
            .collect();
        keys.sort_by_key(|(index, _)| *index);
        if let Some((_, first)) = keys.first() {
            document["KeyName"] = first["KeyName"].clone();
        }
        document["Imdsim"]["PublicKeys"] = keys.into_iter().map(|(_, key)| key).collect();
        let devpay = self.json("dynamic/instance-identity/document")["devpayProductCodes"].take();
        let codes = document["ProductCodes"].as_array_mut();
        for code in codes.into_iter().flatten() {
            let mut known = devpay.as_array().into_iter().flatten();
            if known.any(|known| *known == code["ProductCodeId"]) {
                code["ProductCodeType"] = "devpay".into();
            }
        }
        self.tags(document);
        self.accelerators(document);
        for (directory, field) in [("active-keys", "ActiveKeys"), ("signer-ocsp", "SignerOcsp")] {
            let map = self.map(&format!("meta-data/managed-ssh-keys/{directory}/"));
            document["Imdsim"]["ManagedSshKeys"][field] = map;
        }
        if self.text("meta-data/hibernation/configured") == Some("true") {
            put(document, "/HibernationOptions/Configured", true.into());
        }
    }

    /// Writes the tags, in the order of the tag set.
    fn tags(&self, document: &mut Value) {
        let set = self.text("meta-data/tag-sets/instance");
        let place = |key: &str| set.and_then(|set| set.find(&format!("{}:", Value::from(key))));
        let tags = self.leaves("meta-data/tags/instance/");
        let mut tags: Vec<_> = tags
            .filter(|(key, text)| {
                let tag = json!({ "Tags": [{ "Key": key, "Value": text }],
                    "MetadataOptions": { "InstanceMetadataTags": "enabled" } });
                imdsim::instance::Instance::read(&tag).is_ok()
            })
            .collect();
        tags.sort_by_key(|(key, _)| place(key));
        if set.is_some() || !tags.is_empty() {
            let shown = "/MetadataOptions/InstanceMetadataTags";
            put(document, shown, "enabled".into());
        }
        document["Tags"] = tags
            .into_iter()
            .map(|(key, text)| json!({ "Key": key, "Value": text }))
            .collect();
    }

    fn accelerators(&self, document: &mut Value) {
        let graphics = self.leaves("meta-data/elastic-gpus/associations/");
        document["ElasticGpuAssociations"] = graphics
            .map(|(id, _)| json!({ "ElasticGpuId": id }))
            .collect();
        let directory = "meta-data/elastic-inference/associations/";
        document["ElasticInferenceAcceleratorAssociations"] = self
            .leaves(directory)
            .map(|(id, _)| json!({ "ElasticInferenceAcceleratorArn": id }))
            .collect();
        for (_, text) in self.leaves(directory) {
            let fields: Value = serde_json::from_str(text).unwrap_or_default();
            let kind = &fields["version_2018_04_12"]["elastic-inference-accelerator-type"];
            document["Imdsim"]["ElasticInferenceAcceleratorType"] = kind.clone();
        }
    }

    /// Writes the instance profile, its role and the credentials.
    fn role(&self, document: &mut Value) {
        let directory = "meta-data/iam/security-credentials/";
        let listed = self.text(directory).and_then(|names| names.lines().next());
        let info = self.json("meta-data/iam/info");
        if listed.is_none() && info.is_null() {
            return;
        }
        if document["IamInstanceProfile"].is_null() {
            document["IamInstanceProfile"] = json!({});
        }
        let extras = &mut document["Imdsim"];
        if extras["InstanceProfileFailure"].is_object() {
            extras["InstanceProfileFailure"]["Message"] = info["Message"].clone();
        }
        let Some(role) = listed else { return };
        extras["RoleName"] = role.into();
        let extended = "meta-data/iam/security-credentials-extended/";
        extras["SecurityCredentialsExtended"] = self.text(extended).is_some().into();
        let keys = self.json(&format!("{directory}{role}"));
        let take = |names: &[&str]| -> Value {
            let fields = names
                .iter()
                .map(|name| ((*name).into(), keys[*name].clone()));
            Value::Object(fields.collect())
        };
        if keys["Code"].as_str().is_some_and(|code| code != "Success") {
            extras["CredentialsFailure"] = take(&["Code", "Message"]);
        } else if keys["SecretAccessKey"].is_string() {
            let names = ["AccessKeyId", "SecretAccessKey", "Token", "Expiration"];
            extras["Credentials"] = take(&names);
        }
    }

    /// Writes the scheduled events and notices.
    fn notices(&self, document: &mut Value) {
        let extras = &mut document["Imdsim"];
        let notice = self.json("meta-data/spot/instance-action");
        if notice["action"].is_string() {
            extras["SpotInstanceAction"] =
                json!({ "Action": notice["action"], "Time": notice["time"] });
        }
        let rebalance = self.json("meta-data/events/recommendations/rebalance");
        if rebalance["noticeTime"].is_string() {
            extras["RebalanceNoticeTime"] = rebalance["noticeTime"].clone();
        }
        let events = ["scheduled", "history"]
            .map(|name| self.json(&format!("meta-data/events/maintenance/{name}")));
        let events = events.iter().filter_map(Value::as_array).flatten();
        extras["MaintenanceEvents"] = events.map(maintenance).collect();
    }

    fn user_data(&self, document: &mut Value) {
        use base64::Engine as _;
        let bytes = match self.0.get("user-data") {
            Some(CapturedNode::Text(text)) => text.as_bytes(),
            Some(CapturedNode::Octets(bytes)) => bytes,
            Some(CapturedNode::Withheld) | None => return,
        };
        let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
        document["Imdsim"]["UserData"] = encoded.into();
    }
}

/// Formats a field like the mock, lists with one item per line.
fn plain(field: &Value) -> Option<String> {
    match field {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().filter_map(Value::as_str).collect();
            Some(items.join("\n"))
        }
        _ => None,
    }
}

/// Converts a maintenance event to the names of the description.
fn maintenance(event: &Value) -> Value {
    let description = event["Description"].as_str().unwrap_or_default();
    let unmarked = ["[Completed] ", "[Canceled] "]
        .iter()
        .find_map(|mark| description.strip_prefix(mark));
    let mut described = json!({
        "Code": event["Code"],
        "Description": unmarked.unwrap_or(description),
        "InstanceEventId": event["EventId"],
        "State": event["State"],
    });
    for name in ["NotBefore", "NotAfter", "NotBeforeDeadline"] {
        let text = event[name].as_str().unwrap_or_default();
        if let Ok(time) = DateTime::strptime("%d %b %Y %H:%M:%S GMT", text) {
            described[name] = format!("{time}Z").into();
        }
    }
    described
}

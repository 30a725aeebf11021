use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::root;

/// The parsed `spin.toml`.
pub(crate) struct Manifest {
    document: Table,
}

impl Manifest {
    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(root().join("spin.toml")).unwrap();
        Self {
            document: text.parse().unwrap(),
        }
    }

    /// The component's variables for given application variables; the others have
    /// their defaults.
    pub(crate) fn variables(&self, set: &[(String, String)]) -> BTreeMap<String, String> {
        let application = self.document["variables"].as_table().unwrap();
        let value = |template: &str| {
            let name = template.trim_matches(['{', '}', ' ']);
            let declared = &application[name];
            set.iter()
                .find(|(key, _)| key == name)
                .map_or(declared["default"].as_str().unwrap(), |(_, value)| value)
                .to_owned()
        };
        let given = self.component()["variables"].as_table().unwrap();
        given
            .iter()
            .map(|(name, template)| (name.clone(), value(template.as_str().unwrap())))
            .collect()
    }

    /// The stores that the component may open.
    pub(crate) fn stores(&self) -> BTreeSet<String> {
        let stores = self.component()["key_value_stores"].as_array().unwrap();
        stores
            .iter()
            .map(|store| store.as_str().unwrap().to_owned())
            .collect()
    }

    fn component(&self) -> &Value {
        &self.document["component"]["imdsim"]
    }
}

/// The variables are exactly the settings, passed on under the same names.
pub(crate) fn has_every_setting() {
    let manifest = Manifest::read();
    let settings: BTreeSet<_> = imdsim::KEYS.iter().chain(&["config"]).copied().collect();
    let application = manifest.document["variables"].as_table().unwrap();
    let declared: BTreeSet<_> = application.keys().map(String::as_str).collect();
    assert_eq!(declared, settings);
    let given = manifest.component()["variables"].as_table().unwrap();
    let expected: BTreeMap<_, _> = settings
        .iter()
        .map(|name| (*name, format!("{{{{ {name} }}}}")))
        .collect();
    let given: BTreeMap<_, _> = given
        .iter()
        .map(|(name, template)| (name.as_str(), template.as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(given, expected);
    for name in [
        "admin_token",
        "config",
        "credentials",
        "identity_keys",
        "secret",
        "user_data",
    ] {
        assert_eq!(application[name]["secret"].as_bool(), Some(true), "{name}");
    }
}

/// The component can access only its store.
pub(crate) fn grants_the_least() {
    let manifest = Manifest::read();
    let component = manifest.component();
    assert_eq!(component["source"].as_str(), Some("dist/imdsim-spin.wasm"));
    assert_eq!(
        component["allowed_outbound_hosts"],
        Value::Array(Vec::new())
    );
    assert_eq!(manifest.stores(), ["default".to_owned()].into());
}

//! Checks that the leaves of one version agree. Missing leaves are ignored:
//! other tests check which leaves must exist.

/// Identity, IAM, tags, keys, devices.
mod instance;
/// Interfaces, host names, blocks.
mod network;

use serde_json::Value;

use crate::crawl::Crawl;

/// The directory of network interfaces.
const MACS: &str = "meta-data/network/interfaces/macs/";

/// Reports contradictory responses of one version.
pub(crate) fn contradictions(crawl: &Crawl) -> Vec<String> {
    let mut facts = Facts {
        crawl,
        complaints: Vec::new(),
    };
    instance::check(&mut facts);
    network::check(&mut facts);
    facts.complaints
}

/// The responses, and the contradictions found.
struct Facts<'a> {
    crawl: &'a Crawl,
    complaints: Vec<String>,
}

impl<'a> Facts<'a> {
    fn text(&self, path: &str) -> Option<&'a str> {
        self.crawl.text(path)
    }

    /// The lines of a leaf; empty if it does not exist.
    fn lines(&self, path: &str) -> Vec<&'a str> {
        self.text(path).unwrap_or_default().lines().collect()
    }

    /// A field of a JSON document; `None` if it is missing or null.
    fn field(&self, path: &str, name: &str) -> Option<Value> {
        let document: Value = serde_json::from_str(self.text(path)?).unwrap();
        document.get(name).filter(|value| !value.is_null()).cloned()
    }

    fn is_there(&self, path: &str) -> bool {
        self.crawl.found.contains_key(path)
    }

    fn require(&mut self, holds: bool, message: impl FnOnce() -> String) {
        if !holds {
            self.complaints.push(message());
        }
    }

    /// Requires two optional values to be equal.
    fn same(&mut self, a: &str, says: Option<&str>, b: &str, other: Option<&str>) {
        self.require(says == other, || format!("{a} is {says:?}, {b} {other:?}"));
    }

    /// Requires two leaves to be equal.
    fn agree(&mut self, a: &str, b: &str) {
        self.same(a, self.text(a), b, self.text(b));
    }
}

#[test]
fn contradiction_is_found() {
    use crate::crawl::Found;
    let mut client = crate::client::Client::new(&[]);
    let mut crawl = Crawl::of(&mut client, "latest", None);
    assert_eq!(contradictions(&crawl), [""; 0]);
    for path in ["local-ipv4", "mac", "hostname", "services/partition"] {
        let path = format!("meta-data/{path}");
        let lie = Found::Leaf(b"lie".to_vec());
        let truth = crawl.found.insert(path.clone(), lie).unwrap();
        assert_ne!(contradictions(&crawl), [""; 0], "{path}");
        crawl.found.insert(path, truth);
    }
}

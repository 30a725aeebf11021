//! A leaf that is not there states nothing; that it must be there is another
//! matter, and the same in all versions from the one that brought it.

/// Identity, IAM, tags, keys, devices.
mod instance;
/// Interfaces, host names, blocks.
mod network;

use serde_json::Value;

use crate::crawl::Crawl;

/// Where the first network interface is found below.
const MACS: &str = "meta-data/network/interfaces/macs/";

/// Says which answers of one version contradict each other.
pub(crate) fn contradictions(crawl: &Crawl) -> Vec<String> {
    let mut facts = Facts {
        crawl,
        complaints: Vec::new(),
    };
    instance::check(&mut facts);
    network::check(&mut facts);
    facts.complaints
}

/// The answers, and what was found wrong with them.
struct Facts<'a> {
    crawl: &'a Crawl,
    complaints: Vec<String>,
}

impl<'a> Facts<'a> {
    fn text(&self, path: &str) -> Option<&'a str> {
        self.crawl.text(path)
    }

    /// The lines of a leaf; none where it is not there.
    fn lines(&self, path: &str) -> Vec<&'a str> {
        self.text(path).unwrap_or_default().lines().collect()
    }

    /// A field of a JSON document; `None` where there is none, or it is null.
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

    /// Both say the same or, where both could say it, neither says it.
    fn same(&mut self, a: &str, says: Option<&str>, b: &str, other: Option<&str>) {
        self.require(says == other, || format!("{a} is {says:?}, {b} {other:?}"));
    }

    /// The same, for two leaves.
    fn agree(&mut self, a: &str, b: &str) {
        self.same(a, self.text(a), b, self.text(b));
    }
}

#[test]
fn a_lie_is_found() {
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

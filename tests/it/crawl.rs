use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::client::Client;

/// All responses of one API version, by path below the version. Directory paths
/// end in a slash; the path of the version itself is empty.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Crawl {
    pub(crate) found: BTreeMap<String, Found>,
}

/// The result of looking up a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The names in listing order.
    Directory(Vec<String>),
    Leaf(Vec<u8>),
}

impl Crawl {
    /// Crawls a version by following its listings. Every listed path must exist.
    pub(crate) fn of(client: &mut Client, version: &str, token: Option<&str>) -> Self {
        let mut found = BTreeMap::new();
        let mut ahead = vec![(String::new(), true)];
        while let Some((path, is_directory)) = ahead.pop() {
            let target = format!("/{version}/{path}");
            let (status, body) = client.fetch(&target, token);
            assert_eq!(status, 200, "{target} is listed");
            if !is_directory {
                found.insert(path, Found::Leaf(body));
                continue;
            }
            let listing = String::from_utf8(body).unwrap();
            let names: Vec<_> = listing.split('\n').map(str::to_owned).collect();
            for name in &names {
                assert!(!name.is_empty(), "{target} lists nothing or an empty name");
                ahead.push(entry(&path, name));
            }
            found.insert(path, Found::Directory(names));
        }
        Self { found }
    }

    /// The text of a leaf, if it exists.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        match self.found.get(path)? {
            Found::Leaf(bytes) => Some(std::str::from_utf8(bytes).unwrap()),
            Found::Directory(_) => None,
        }
    }

    /// The names in a directory; empty if it does not exist.
    pub(crate) fn names(&self, path: &str) -> &[String] {
        match self.found.get(path) {
            Some(Found::Directory(names)) => names,
            _ => &[],
        }
    }

    /// Every path with its content, in readable form.
    pub(crate) fn render(&self) -> String {
        let mut page = String::new();
        for (path, found) in &self.found {
            match found {
                Found::Directory(names) => {
                    let path = if path.is_empty() { "/" } else { path };
                    writeln!(page, "{path}\n    {}", names.join("\n    ")).unwrap();
                }
                Found::Leaf(bytes) => writeln!(page, "{path} ={}", shown(path, bytes)).unwrap(),
            }
        }
        page
    }

    /// The differences from a newer version, one path per line, without paths in
    /// missing directories.
    pub(crate) fn render_since(&self, newer: &Self) -> String {
        let mut page = String::new();
        for (path, found) in &newer.found {
            let is_missing = !self.found.contains_key(path);
            if is_missing && self.found.contains_key(parent(path)) {
                writeln!(page, "    - {path}").unwrap();
            }
            if let (Found::Leaf(_), Some(other)) = (found, self.found.get(path))
                && other != found
            {
                writeln!(page, "    ~ {path}").unwrap();
            }
        }
        for path in self.found.keys() {
            if !newer.found.contains_key(path) {
                writeln!(page, "    + {path}").unwrap();
            }
        }
        page
    }
}

/// The path of an entry, and whether it is a directory. Names right below a
/// version and names of public keys do not show that (reference 4).
fn entry(directory: &str, name: &str) -> (String, bool) {
    match directory {
        "" if name != "user-data" => (format!("{name}/"), true),
        "meta-data/public-keys/" if name.contains('=') => {
            let index = name.split('=').next().unwrap();
            (format!("{directory}{index}/"), true)
        }
        _ => (format!("{directory}{name}"), name.ends_with('/')),
    }
}

/// The parent directory of a path.
fn parent(path: &str) -> &str {
    let inner = path.strip_suffix('/').unwrap_or(path);
    inner.rfind('/').map_or("", |slash| &path[..=slash])
}

/// A value on the same line, or indented on separate lines. Shows only the fields
/// of keys, and only the length of binary values.
fn shown(path: &str, bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).ok();
    let text = text.filter(|text| !text.contains(|c: char| c.is_control() && !"\n\t".contains(c)));
    let sealed = ["pkcs7", "rsa2048", "signature"].map(|name| format!("instance-identity/{name}"));
    match text {
        _ if sealed.iter().any(|name| path.ends_with(name)) => format!(" {} bytes", bytes.len()),
        None => format!(" {} bytes, SHA-256 {}", bytes.len(), digest(bytes)),
        Some("") => " (empty)".into(),
        Some(text) if path.contains("/security-credentials") => {
            let fields = text.lines().filter_map(|line| line.split('"').nth(1));
            format!(" {{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Some(text) => {
            let (text, end) = match text.strip_suffix('\n') {
                Some(text) => (text, "\\n"),
                None => (text, ""),
            };
            let between = if text.contains('\n') { "\n    " } else { " " };
            format!("{between}{}{end}", text.replace('\n', "\n    "))
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(bytes);
    let digits: Vec<_> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

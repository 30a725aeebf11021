use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::client::Client;

/// All that one API version answers, by path below the version. The paths of
/// directories end in a slash; that of the version itself is empty.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Crawl {
    pub(crate) found: BTreeMap<String, Found>,
}

/// The result of looking up a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The names, as they are listed.
    Directory(Vec<String>),
    Leaf(Vec<u8>),
}

impl Crawl {
    /// Walks a version from listing to listing. All that is listed must be
    /// there.
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

    /// The text of a leaf, if it is there.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        match self.found.get(path)? {
            Found::Leaf(bytes) => Some(std::str::from_utf8(bytes).unwrap()),
            Found::Directory(_) => None,
        }
    }

    /// The names in a directory; none where there is no such directory.
    pub(crate) fn names(&self, path: &str) -> &[String] {
        match self.found.get(path) {
            Some(Found::Directory(names)) => names,
            _ => &[],
        }
    }

    /// Every path with what is there, for people to read.
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

    /// What is different from a newer version, one path a line; what lies in
    /// a directory that is missing is not said again.
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

/// The path of what a directory lists, and whether that is a directory too.
/// The names right below a version and those of public keys do not say so
/// (reference 4).
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

/// The directory that holds a path.
fn parent(path: &str) -> &str {
    let inner = path.strip_suffix('/').unwrap_or(path);
    inner.rfind('/').map_or("", |slash| &path[..=slash])
}

/// A value on the rest of its line, or indented on lines of its own. Of keys
/// only the fields are shown, of what is not for reading the length.
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

//! Reads the tree of one API version by following its listings.

use super::trees::{CapturedNode, Tree};
use crate::error::Failure;

/// More than the depth of any directory of the service. It stops the crawl of a
/// service that lists itself.
const MAX_DEPTH: usize = 12;

/// Reads a path. Returns `None` if it does not exist.
pub(super) type Read<'r> = &'r dyn Fn(&str) -> Result<Option<Vec<u8>>, Failure>;

/// Reads all paths of a version. Listed paths that do not exist are omitted.
pub(super) fn crawl(read: Read<'_>, version: &str) -> Result<Tree, Failure> {
    let mut tree = Tree::new();
    let mut ahead = vec!["/".to_owned()];
    while let Some(directory) = ahead.pop() {
        let below = directory.trim_start_matches('/');
        let is_known = tree.contains_key(&directory);
        if is_known || directory.split('/').count() > MAX_DEPTH {
            continue;
        }
        let Some(listing) = read(&format!("{version}/{below}"))? else {
            continue;
        };
        let listing = String::from_utf8_lossy(&listing).into_owned();
        for name in listing.lines().filter(|name| !name.is_empty()) {
            let path = path(below, name);
            if path.ends_with('/') {
                ahead.push(path);
                continue;
            }
            match read(&format!("{version}/{path}"))? {
                Some(body) => drop(tree.insert(path, CapturedNode::from(body))),
                // It may be a directory listed without a slash.
                None => ahead.push(path + "/"),
            }
        }
        tree.insert(directory, CapturedNode::Text(listing));
    }
    Ok(tree)
}

/// The path of a name in a listing. Directories end in a slash, also right
/// below a version and in the public keys, where the listings omit it.
fn path(directory: &str, name: &str) -> String {
    let index = name.split_once('=').map(|(index, _)| index);
    match (directory, index) {
        ("", _) if name != "user-data" => format!("{}/", name.trim_end_matches('/')),
        ("meta-data/public-keys/", Some(index)) => format!("{directory}{index}/"),
        _ => format!("{directory}{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pages: &[(&str, &str)], expected: &str) {
        let read = |path: &str| {
            let page = pages.iter().find(|(known, _)| *known == path);
            Ok(page.map(|(_, text)| text.as_bytes().to_vec()))
        };
        let tree = crawl(&read, "v").unwrap();
        let paths: Vec<_> = tree.keys().map(String::as_str).collect();
        assert_eq!(paths.join(" "), expected);
    }

    #[test]
    fn directories_listed_without_a_slash_are_found() {
        check(
            &[
                ("v/", "meta-data\nuser-data"),
                ("v/user-data", "x"),
                ("v/meta-data/", "public-keys/\nodd"),
                ("v/meta-data/odd/", "leaf"),
                ("v/meta-data/odd/leaf", ""),
                ("v/meta-data/public-keys/", "0=key"),
                ("v/meta-data/public-keys/0/", "openssh-key"),
                ("v/meta-data/public-keys/0/openssh-key", "ssh"),
            ],
            "/ meta-data/ meta-data/odd/ meta-data/odd/leaf meta-data/public-keys/ \
             meta-data/public-keys/0/ meta-data/public-keys/0/openssh-key user-data",
        );
    }

    #[test]
    fn listed_paths_that_do_not_exist_are_omitted() {
        check(
            &[("v/", "meta-data"), ("v/meta-data/", "gone")],
            "/ meta-data/",
        );
    }

    #[test]
    fn a_service_that_lists_itself_is_not_crawled_forever() {
        let read = |path: &str| Ok(path.ends_with('/').then(|| b"again/".to_vec()));
        assert!(crawl(&read, "v").unwrap().len() < 2 * MAX_DEPTH);
    }
}

//! One API version, from listing to listing.

use super::trees::{CapturedNode, Tree};
use crate::error::Failure;

/// No directory of the service lies as deep as this; a service that lists
/// itself ends here.
const MAX_DEPTH: usize = 12;

/// How a path is read; the answer is what is there, if anything is.
pub(super) type Read<'r> = &'r dyn Fn(&str) -> Result<Option<Vec<u8>>, Failure>;

/// All that a version serves. What is listed and not there is left out.
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
                // It may be a directory of which the listing does not say so.
                None => ahead.push(path + "/"),
            }
        }
        tree.insert(directory, CapturedNode::Text(listing));
    }
    Ok(tree)
}

/// The path of what a directory lists; that of a directory ends in a slash.
/// The names right below a version and those of public keys do not say so.
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
    fn directories_are_found_that_listings_do_not_mark() {
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
    fn what_is_listed_and_not_there_is_left_out() {
        check(
            &[("v/", "meta-data"), ("v/meta-data/", "gone")],
            "/ meta-data/",
        );
    }

    #[test]
    fn a_service_that_lists_itself_has_an_end() {
        let read = |path: &str| Ok(path.ends_with('/').then(|| b"again/".to_vec()));
        assert!(crawl(&read, "v").unwrap().len() < 2 * MAX_DEPTH);
    }
}

//! Normalization of request paths, as the service does it (reference 3).

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Normalizes the path of a request target: percent-decodes its segments and
/// joins them by single slashes, without the query, empty segments, `.` and
/// `..`. The root is the empty string.
///
/// A final slash is ignored. Where the reference is silent: `..` removes the
/// segment before it and never leaves the root, `%2f` is a slash, and a `%` that
/// starts no escape is literal.
pub fn normalize(target: &str) -> Cow<'_, str> {
    let path = target.strip_prefix('/').unwrap_or(target);
    if let Some(path) = normal(path) {
        return Cow::Borrowed(path);
    }
    let path = path.split('?').next().unwrap_or_default();
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let mut names = Vec::new();
    for name in decoded.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            _ => names.push(name),
        }
    }
    Cow::Owned(names.join("/"))
}

/// The first segments of the control API's paths; the second is an alias for hosts
/// that expect it.
pub(crate) const CONTROL_PREFIXES: [&str; 2] = ["_imdsim", "_parlel"];

/// Whether a normalised path belongs to the control API.
pub(crate) fn is_control(path: &str) -> bool {
    CONTROL_PREFIXES.iter().any(|prefix| {
        let rest = path.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Whether the path of a request target belongs to the control API. Most targets
/// need not be normalized for that.
pub(crate) fn leads_to_control(target: &str) -> bool {
    let may = target.bytes().any(|byte| matches!(byte, b'_' | b'%'));
    may && is_control(&normalize(target))
}

/// Whether the path of a request target, without a query, equals its `normal`
/// form after decoding.
pub(crate) fn is_exact(target: &str, normal: &str) -> bool {
    let path = target.strip_prefix('/').unwrap_or(target);
    percent_decode_str(path).decode_utf8_lossy() == normal
}

/// Returns the path without the query if it is otherwise normal, as most paths
/// are: no escape, and no segment that is empty or starts with a dot.
fn normal(target: &str) -> Option<&str> {
    let mut starts_segment = true;
    let mut bytes = target.as_bytes();
    while let [byte, rest @ ..] = bytes {
        // All special characters sort before letters.
        if *byte <= b'?' {
            match byte {
                b'?' => break,
                b'%' => return None,
                b'/' | b'.' if starts_segment => return None,
                _ => {}
            }
        }
        starts_segment = *byte == b'/';
        bytes = rest;
    }
    let end = target.len() - bytes.len();
    (end == 0 || !starts_segment).then(|| &target[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(target: &str, expected: &str) {
        assert_eq!(normalize(target), expected);
    }

    #[test]
    fn slashes_are_collapsed_wherever_they_stand() {
        check("//latest///meta-data/ami-id//", "latest/meta-data/ami-id");
        check("/", "");
        check("", "");
    }

    #[test]
    fn the_query_is_ignored() {
        check("/latest/meta-data/ami-id?x=/1", "latest/meta-data/ami-id");
    }

    #[test]
    fn escapes_are_decoded_once_and_broken_ones_are_kept() {
        check("/latest/%6deta-data", "latest/meta-data");
        check("/a%2Fb", "a/b");
        check("/%2561", "%61");
        check("/100%/%g1/%4", "100%/%g1/%4");
    }

    #[test]
    fn dots_never_leave_the_root() {
        check("/latest/./meta-data", "latest/meta-data");
        check("/latest/.hidden/..", "latest");
        check("/latest/x/../meta-data", "latest/meta-data");
        check("/../../latest", "latest");
    }

    #[test]
    fn a_path_is_exact_if_no_name_of_it_was_dropped() {
        let exact = |target: &str| is_exact(target, &normalize(target));
        assert!(exact("/_imdsim/events/a.b"));
        assert!(exact("/_imdsim/events/%61"));
        for target in [
            "/_imdsim/events/",
            "/_imdsim/events//1",
            "/_imdsim/events/.",
            "/_imdsim/events/%2e",
            "/_imdsim/events/1/..",
            "//_imdsim/events",
        ] {
            assert!(!exact(target), "{target}");
        }
    }

    #[test]
    fn invalid_utf8_matches_nothing() {
        check("/%ff%fe", "\u{fffd}\u{fffd}");
    }
}

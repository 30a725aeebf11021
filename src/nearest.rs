//! Suggestions for mistyped names.

/// The number of bytes to compare, which bounds the time for long names.
const COMPARED: usize = 64;

/// Returns the known name with the smallest edit distance.
pub fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    known.into_iter().min_by_key(|known| distance(name, known))
}

/// Returns the edit distance of two names, ignoring case, hyphens and
/// underscores.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (letters(a), letters(b));
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

fn letters(name: &str) -> Vec<u8> {
    let bytes = name.bytes().filter(|byte| !b"-_".contains(byte));
    let bytes = bytes.map(|byte| byte.to_ascii_lowercase());
    bytes.take(COMPARED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_letters_and_neither_case_nor_underscores() {
        assert_eq!(distance("http_token", "http_tokens"), 1);
        assert_eq!(distance("instance_id", "InstanceId"), 0);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
    }

    #[test]
    fn the_nearest_name_is_the_one_with_the_fewest_changes() {
        let known = ["RoleName", "UserData", "Profile"];
        assert_eq!(nearest("userDate", known), Some("UserData"));
        assert_eq!(nearest(&"x".repeat(1 << 20), known), Some("RoleName"));
        assert_eq!(nearest("x", []), None);
    }
}

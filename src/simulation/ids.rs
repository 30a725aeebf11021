//! Ids of events and faults: validation and allocation. Events and faults have
//! separate namespaces.

use crate::limits::MAX_ID_LEN;
use crate::problem::Problem;

/// Rejects an id that is not usable as the last path segment on every client.
pub(super) fn check(id: &str) -> Result<(), Problem> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    let is_id =
        (1..=MAX_ID_LEN).contains(&id.len()) && id.bytes().all(plain) && !matches!(id, "." | "..");
    if is_id {
        return Ok(());
    }
    let message = format!(
        "{id:?} is not an id; write 1 to {MAX_ID_LEN} letters, digits and any of `-_.:`, other \
         than `.` and `..`"
    );
    Err(Problem::new("id", message))
}

/// The allocated ids.
#[derive(Debug, Default)]
pub(super) struct Ids(Vec<(bool, String)>);

impl Ids {
    /// Allocates an id of a fault or another event; false if it is taken.
    pub(super) fn take(&mut self, is_fault: bool, id: &str) -> bool {
        let wanted = (is_fault, id.to_owned());
        match self.0.binary_search(&wanted) {
            Ok(_) => false,
            Err(index) => {
                self.0.insert(index, wanted);
                true
            }
        }
    }

    /// Allocates a free id: the preset's name, with a number if taken, or the
    /// first free number from `number` on.
    pub(super) fn take_free(
        &mut self,
        is_fault: bool,
        preset: Option<&str>,
        number: u64,
    ) -> String {
        let mut tried = 0;
        loop {
            let id = match (preset, tried) {
                (Some(preset), 0) => preset.to_owned(),
                (Some(preset), _) => format!("{preset}-{}", tried + 1),
                (None, _) => number.wrapping_add(tried).to_string(),
            };
            if self.take(is_fault, &id) {
                return id;
            }
            tried += 1;
        }
    }

    /// The first number after all numeric ids of this kind.
    pub(super) fn next_number(&self, is_fault: bool) -> u64 {
        let ids = self.0.iter().filter(|(kind, _)| *kind == is_fault);
        let numbers = ids.filter_map(|(_, id)| id.parse::<u64>().ok());
        numbers.max().unwrap_or(0).wrapping_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_plain_names() {
        let longest = "x".repeat(MAX_ID_LEN);
        for id in ["1", "scale-in", "a.b:c_D", "...", &longest] {
            assert_eq!(check(id), Ok(()), "{id:?}");
        }
        let too_long = longest.clone() + "x";
        for id in ["", ".", "..", "a/b", "a b", "é", "%2e", &too_long] {
            let refused = check(id).unwrap_err().to_string();
            assert!(refused.starts_with("id: \""), "{refused}");
        }
    }

    #[test]
    fn default_ids_are_free() {
        let mut ids = Ids::default();
        assert!(ids.take(true, "throttled"));
        assert!(!ids.take(true, "throttled"));
        assert!(ids.take(false, "2"));
        let mut free = |is_fault, preset, number| ids.take_free(is_fault, preset, number);
        assert_eq!(free(true, Some("throttled"), 1), "throttled-2");
        assert_eq!(free(true, Some("throttled"), 1), "throttled-3");
        assert_eq!(free(true, Some("slow"), 1), "slow");
        assert_eq!(free(false, None, 2), "3");
        assert_eq!(free(true, None, 2), "2");
        assert_eq!(ids.next_number(false), 4);
        let last = u64::MAX.to_string();
        assert!(ids.take(false, &last));
        let number = ids.next_number(false);
        assert_eq!(ids.take_free(false, None, number), "0");
    }
}

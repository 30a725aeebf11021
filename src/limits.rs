//! Limits on input. Each is far above real use, and low enough to handle input
//! at the limit in less than 100 ms.
//!
//! A body or state document above its limit is rejected with 413, other input
//! with 400, and a setting with an error that names the place and the remedy.

/// The maximum length of a request head, including the request line, in bytes.
/// The host rejects longer ones.
pub const MAX_HEAD_LEN: usize = 64 * 1024;

/// The maximum length of a request body in bytes.
pub const MAX_BODY_LEN: usize = 1024 * 1024;

/// The maximum length of the state document in bytes. A change that would exceed
/// it is rejected, and nothing is stored.
pub const MAX_STATE_LEN: usize = 1024 * 1024;

/// The maximum nesting depth of a JSON document. The parser's own limit is 128,
/// but documents are nested in others when they are stored.
pub const MAX_JSON_DEPTH: usize = 64;

/// The maximum number of values in the JSON of a request or in the state
/// document: objects, lists and everything in them. A small value takes up to a
/// hundred times its length in memory.
pub const MAX_JSON_VALUES: usize = 16 * 1024;

/// The maximum length of a request path as sent, without its query, in bytes.
pub const MAX_TARGET_LEN: usize = 4096;

/// The maximum length of an override's path or a path pattern in bytes.
pub const MAX_PATH_LEN: usize = 1024;

/// The maximum number of segments in an override's path or a path pattern.
pub const MAX_PATH_DEPTH: usize = 32;

/// The maximum number of events of a timeline, including past ones but not
/// faults.
pub const MAX_EVENTS: usize = 256;

/// The maximum total length in bytes of the descriptions after each event of a
/// timeline, all of which are validated.
pub const MAX_READ_LEN: usize = 3 * 1024 * 1024;

/// The maximum number of faults of a timeline.
pub const MAX_FAULTS: usize = 64;

/// The maximum length of the id of an event or fault in bytes.
pub const MAX_ID_LEN: usize = 128;

/// The maximum number of overrides, and of names in any object of the
/// description.
pub const MAX_OVERRIDES: usize = 2048;

/// The maximum number of items in a list of the description, such as tags,
/// network interfaces or their addresses.
pub const MAX_ITEMS: usize = 256;

/// The maximum capacity of the journal in requests.
pub const MAX_JOURNAL: usize = 5_000;

/// The maximum of `mock_ip_count`.
pub const MAX_CLIENTS: usize = 1024;

/// Rejects a path or pattern that is too long or too deep.
pub(crate) fn check_path(path: &str) -> Result<(), String> {
    if path.len() > MAX_PATH_LEN {
        return Err(format!(
            "the path is longer than {MAX_PATH_LEN} bytes; write a shorter one"
        ));
    }
    if path.split('/').filter(|name| !name.is_empty()).count() > MAX_PATH_DEPTH {
        return Err(format!(
            "the path has more than {MAX_PATH_DEPTH} names; write fewer"
        ));
    }
    Ok(())
}

//! Limits on input. Each is far above what real use needs, and small enough
//! that an input at its limit is dealt with in less than 100 ms.
//!
//! A body or a state document that is too long is refused with 413, anything
//! else above its limit with 400, and in settings with the place and a remedy.

/// The longest head of a request, request line included, in bytes. The host
/// refuses longer ones.
pub const MAX_HEAD_LEN: usize = 64 * 1024;

/// The longest body of a request, in bytes.
pub const MAX_BODY_LEN: usize = 1024 * 1024;

/// The longest state document, in bytes. A change that would make a longer one
/// is refused, and nothing is stored.
pub const MAX_STATE_LEN: usize = 1024 * 1024;

/// How deep a JSON document may be nested, in objects and lists around each
/// other. The parser itself gives up at 128; documents are put into others
/// before they are stored.
pub const MAX_JSON_DEPTH: usize = 64;

/// The most values in the JSON of one request or in the state document:
/// objects, lists and everything in them. A small value takes up to a hundred
/// times its length in memory.
pub const MAX_JSON_VALUES: usize = 16 * 1024;

/// The longest path of a request as it is sent, without its query, in bytes.
pub const MAX_TARGET_LEN: usize = 4096;

/// The longest path of an override and the longest path pattern, in bytes.
pub const MAX_PATH_LEN: usize = 1024;

/// The most names in the path of an override and in a path pattern.
pub const MAX_PATH_DEPTH: usize = 32;

/// The most events of a timeline, those of the past included and faults not.
pub const MAX_EVENTS: usize = 256;

/// How long the descriptions of the instance after each event of a timeline may
/// be together, in bytes: each is checked.
pub const MAX_READ_LEN: usize = 3 * 1024 * 1024;

/// The most faults of a timeline.
pub const MAX_FAULTS: usize = 64;

/// The longest id of an event or a fault, in bytes.
pub const MAX_ID_LEN: usize = 128;

/// The most overrides, and the most names in any object of the description.
pub const MAX_OVERRIDES: usize = 2048;

/// The most items in one list of the description of an instance: tags, network
/// interfaces, addresses of one of them.
pub const MAX_ITEMS: usize = 256;

/// The most requests that the journal can be told to keep.
pub const MAX_JOURNAL: usize = 5_000;

/// The most clients that can be told apart (`mock_ip_count`).
pub const MAX_CLIENTS: usize = 1024;

/// Refuses a path or a pattern of paths that is too long or too deep.
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

//! Key-value storage in files: one folder per value, one file per generation.
//!
//! To replace a value, a writer writes a draft, syncs it, and links it to the
//! name of the next generation, which only one writer can create. Without locks,
//! a writer that dies blocks nobody. Readers never see a partial value, and a
//! crash leaves either the old value or the new one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// A folder that holds values by key.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    /// The newest known generation of each key. It usually still is the newest,
    /// and checking that is faster than listing the folder.
    seen: Arc<Mutex<BTreeMap<String, u64>>>,
}

/// A snapshot of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The value, if any.
    pub value: Option<Vec<u8>>,
    /// Number of replacements so far.
    generation: u64,
}

/// Subfolder for drafts. Separate from the generations, since some hosts cannot
/// list a folder while files in it are deleted.
const DRAFTS: &str = "drafts";

/// Number of generations kept, for readers that have just found a file name.
const KEPT_GENERATIONS: u64 = 16;

/// Length in bytes that most values stay below.
const USUAL_LEN: usize = 4096;

/// Age at which a draft is assumed to belong to a dead writer. If the writer is
/// still alive, it finds its draft missing and starts again.
const STALE_AFTER: Duration = Duration::from_mins(1);

impl Folder {
    /// A folder, which may be missing: then it holds no values.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            seen: Arc::default(),
        }
    }

    /// Fails if the folder is missing.
    pub fn check(&self) -> io::Result<()> {
        if fs::metadata(&self.path)?.is_dir() {
            Ok(())
        } else {
            Err(ErrorKind::NotADirectory.into())
        }
    }

    /// All keys, unordered.
    pub fn keys(&self) -> io::Result<Vec<String>> {
        let mut keys = Vec::new();
        for name in names(&self.path)? {
            if let Some(key) = key_of(&name)
                && self.get(&key)?.value.is_some()
            {
                keys.push(key);
            }
        }
        Ok(keys)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> io::Result<Seen> {
        let folder = self.value(key);
        if let Some(seen) = self.read_if_newest(key, &folder)? {
            return Ok(seen);
        }
        loop {
            let Some(generation) = generations(&folder)?.max() else {
                return Ok(Seen::default());
            };
            // If the file is gone, newer generations have replaced it.
            if let Some(seen) = read(&folder, generation)? {
                self.seen().insert(key.to_owned(), generation);
                return Ok(seen);
            }
        }
    }

    /// The value, if the last known generation still is the newest: it exists
    /// while the next one does not. (Generations are deleted in order, so the
    /// next one cannot have been created and deleted.)
    fn read_if_newest(&self, key: &str, folder: &Path) -> io::Result<Option<Seen>> {
        let Some(generation) = self.seen().get(key).copied() else {
            return Ok(None);
        };
        let next = folder.join((generation + 1).to_string());
        match absent(File::open(next))? {
            Some(_) => Ok(None),
            None => read(folder, generation),
        }
    }

    /// Locks the known generations, which stay valid if a thread panics.
    fn seen(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces a value if it still equals a snapshot; returns whether it did.
    pub fn replace(&self, key: &str, seen: &Seen, value: &[u8]) -> io::Result<bool> {
        let folder = self.value(key);
        // A missing file means that another writer deleted the value, including
        // its folder and this draft.
        let replaced = absent(self.try_replace(&folder, key, seen, value))?;
        Ok(replaced.unwrap_or(false))
    }

    fn try_replace(&self, folder: &Path, key: &str, seen: &Seen, value: &[u8]) -> io::Result<bool> {
        let drafts = folder.join(DRAFTS);
        fs::create_dir_all(&drafts)?;
        let draft = drafts.join(random());
        let mut file = File::create_new(&draft)?;
        file.write_all(value)?;
        file.sync_all()?;
        drop(file);
        // Checked after writing the draft, so that a new folder loses the draft.
        let next = seen.generation + 1;
        if self.get(key)? != *seen {
            fs::remove_file(&draft)?;
            return Ok(false);
        }
        let linked = fs::hard_link(&draft, folder.join(next.to_string()));
        // The next generation may have been created and deleted while this writer
        // was suspended. Read immediately: a delay here would look the same.
        let newest = generations(folder)?.max().unwrap_or_default();
        fs::remove_file(&draft)?;
        match linked {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
            linked => linked?,
        }
        sync(folder);
        clean_up(folder, newest)?;
        Ok(newest < next + KEPT_GENERATIONS)
    }

    /// Replaces a value, whatever it is.
    pub fn set(&self, key: &str, value: &[u8]) -> io::Result<()> {
        while !self.replace(key, &self.get(key)?, value)? {}
        Ok(())
    }

    /// Adds to a number, which starts at 0, and returns the sum. Stores the number
    /// as decimal text, like the native program.
    pub fn increment(&self, key: &str, by: i64) -> io::Result<i64> {
        loop {
            let seen = self.get(key)?;
            let number = match seen.value.as_deref() {
                None => Some(0),
                Some(bytes) => std::str::from_utf8(bytes)
                    .ok()
                    .and_then(|text| text.parse::<i64>().ok()),
            };
            let Some(sum) = number.and_then(|number| number.checked_add(by)) else {
                return Err(io::Error::other(
                    "the value is not a number, or the sum is out of range",
                ));
            };
            if self.replace(key, &seen, sum.to_string().as_bytes())? {
                return Ok(sum);
            }
        }
    }

    /// Deletes a value, if any.
    pub fn delete(&self, key: &str) -> io::Result<()> {
        let gone = self.path.join(format!(".gone-{}", random()));
        if absent(fs::rename(self.value(key), gone))?.is_none() {
            return Ok(());
        }
        sync(&self.path);
        // Deletes its own folder and those of writers that died before this step.
        for name in names(&self.path)?.filter(|name| name.starts_with(".gone-")) {
            // Another writer may have deleted it already.
            let _ = fs::remove_dir_all(self.path.join(name));
        }
        Ok(())
    }

    fn value(&self, key: &str) -> PathBuf {
        self.path.join(name_of(key))
    }
}

/// The names in a folder; none if it does not exist.
fn names(folder: &Path) -> io::Result<impl Iterator<Item = String>> {
    let names = loop {
        let Some(entries) = absent(fs::read_dir(folder))? else {
            break Vec::new();
        };
        let names = entries.map(|entry| Ok(entry?.file_name())).collect();
        // A file was deleted during listing: list again.
        if let Some(names) = absent(names)? {
            break names;
        }
    };
    let names = names.into_iter();
    Ok(names.filter_map(|name| name.into_string().ok()))
}

/// Maps a `NotFound` error to `None`.
fn absent<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

/// Reads a generation, if it still exists.
fn read(folder: &Path, generation: u64) -> io::Result<Option<Seen>> {
    let Some(file) = absent(File::open(folder.join(generation.to_string())))? else {
        return Ok(None);
    };
    // Without `take`, the standard library asks the host for the size first.
    let mut value = Vec::with_capacity(USUAL_LEN);
    file.take(u64::MAX).read_to_end(&mut value)?;
    Ok(Some(Seen {
        value: Some(value),
        generation,
    }))
}

fn generations(folder: &Path) -> io::Result<impl Iterator<Item = u64>> {
    Ok(names(folder)?.filter_map(|name| name.parse().ok()))
}

/// Deletes old generations, oldest first, and occasionally the drafts of dead
/// writers. Ignores failures: another writer has deleted the file or will.
fn clean_up(folder: &Path, newest: u64) -> io::Result<()> {
    let mut old: Vec<_> = generations(folder)?
        .filter(|generation| generation + KEPT_GENERATIONS <= newest)
        .collect();
    old.sort_unstable();
    for generation in old {
        let _ = fs::remove_file(folder.join(generation.to_string()));
    }
    if newest.is_multiple_of(KEPT_GENERATIONS) {
        let drafts = folder.join(DRAFTS);
        for draft in names(&drafts)?.map(|name| drafts.join(name)) {
            if is_stale(&draft) {
                let _ = fs::remove_file(draft);
            }
        }
    }
    Ok(())
}

fn is_stale(file: &Path) -> bool {
    let modified = fs::metadata(file).and_then(|metadata| metadata.modified());
    let age = modified.map(|modified| SystemTime::now().duration_since(modified));
    matches!(age, Ok(Ok(age)) if age > STALE_AFTER)
}

/// Makes created and renamed files survive a power failure, if the host can.
fn sync(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        // Not every host can sync folders. A crash of the program alone loses
        // nothing either way.
        let _ = folder.sync_all();
    }
}

/// A unique name.
fn random() -> String {
    format!("{:016x}", RandomState::new().hash_one(0))
}

/// The folder name of a key: letters, digits, `-` and `_` unchanged, other bytes
/// as `%` and two hexadecimal digits.
fn name_of(key: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        byte => format!("%{byte:02x}"),
    };
    key.bytes().map(escaped).collect()
}

/// The key of a folder name; `None` for names that start with a dot, which are
/// being deleted.
fn key_of(name: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut parts = name.split('%');
    bytes.extend(parts.next().filter(|part| !part.starts_with('.'))?.bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(rest.bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path());
        (place, folder)
    }

    fn text(folder: &Folder, key: &str) -> Option<String> {
        let value = folder.get(key).unwrap().value;
        value.map(|value| String::from_utf8(value).unwrap())
    }

    #[test]
    fn keys_round_trip_through_folder_names() {
        for key in ["imdsim/state", "", "ü.%/-_", "..", "a%2fb"] {
            assert_eq!(key_of(&name_of(key)).as_deref(), Some(key));
        }
        assert_eq!(name_of("imdsim/state"), "imdsim%2fstate");
        assert_eq!(key_of(".gone-x"), None);
    }

    #[test]
    fn values_can_be_set_read_and_deleted() {
        let (place, folder) = folder();
        assert_eq!(text(&folder, "k"), None);
        folder.set("k", b"v").unwrap();
        assert_eq!(text(&folder, "k").unwrap(), "v");
        assert_eq!(folder.keys().unwrap(), ["k"]);
        folder.delete("k").unwrap();
        folder.delete("k").unwrap();
        assert_eq!(folder.keys().unwrap(), [""; 0]);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn reader_sees_changes_by_other_writers_to_a_known_value() {
        let (place, folder) = folder();
        let other = Folder::new(place.path());
        for changes in [1, 2, KEPT_GENERATIONS, 3 * KEPT_GENERATIONS] {
            for change in 1..=changes {
                other.set("k", change.to_string().as_bytes()).unwrap();
            }
            assert_eq!(text(&folder, "k"), Some(changes.to_string()));
        }
        other.delete("k").unwrap();
        assert_eq!(text(&folder, "k"), None);
        other.set("k", b"again").unwrap();
        assert_eq!(text(&folder, "k").unwrap(), "again");
    }

    #[test]
    fn replace_fails_if_the_value_changed_since_the_snapshot() {
        let (_place, folder) = folder();
        let nothing = folder.get("k").unwrap();
        assert!(folder.replace("k", &nothing, b"1").unwrap());
        assert!(!folder.replace("k", &nothing, b"2").unwrap());
        let one = folder.get("k").unwrap();
        folder.delete("k").unwrap();
        assert!(!folder.replace("k", &one, b"2").unwrap());
        folder.set("k", b"3").unwrap();
        // The same generation, but a different value.
        assert!(!folder.replace("k", &one, b"2").unwrap());
        assert_eq!(text(&folder, "k").unwrap(), "3");
    }

    #[test]
    fn old_generations_and_stale_drafts_are_deleted() {
        let (place, folder) = folder();
        folder.set("k", b"x").unwrap();
        let drafts = place.path().join("k").join(DRAFTS);
        let draft = |name: &str, age| {
            let file = File::create(drafts.join(name)).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        };
        draft("dead", STALE_AFTER + Duration::from_secs(1));
        draft("slow", Duration::ZERO);
        for _ in 0..2 * KEPT_GENERATIONS {
            folder.set("k", b"x").unwrap();
        }
        let names: Vec<_> = names(&drafts).unwrap().collect();
        assert_eq!(names, ["slow"]);
        let kept = generations(&place.path().join("k")).unwrap().count();
        assert_eq!(kept as u64, KEPT_GENERATIONS);
    }

    /// A writer that was suspended while its generation was created and deleted
    /// has lost the race.
    #[test]
    fn late_writer_does_not_fill_a_gap() {
        let (place, folder) = folder();
        for _ in 0..3 * KEPT_GENERATIONS {
            folder.set("k", b"x").unwrap();
        }
        let path = place.path().join("k");
        fs::write(path.join("2"), "late").unwrap();
        assert_eq!(text(&folder, "k").unwrap(), "x");
        folder.set("k", b"y").unwrap();
        assert!(!path.join("2").exists());
    }

    #[test]
    fn concurrent_writers_lose_no_update() {
        let (_place, folder) = folder();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..25).for_each(|_| count(&folder)));
            }
        });
        assert_eq!(text(&folder, "n").unwrap().len(), 200);
    }

    /// Appends a byte by compare-and-swap.
    fn count(folder: &Folder) {
        loop {
            let seen = folder.get("n").unwrap();
            let mut next = seen.value.clone().unwrap_or_default();
            next.push(b'x');
            if folder.replace("n", &seen, &next).unwrap() {
                return;
            }
        }
    }
}

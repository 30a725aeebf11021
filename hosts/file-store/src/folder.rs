//! One folder a value, one file a generation of it.
//!
//! A value is replaced by writing a draft, syncing it, and linking it to the
//! name of the next generation, which only one writer can make. There is no
//! lock, so a writer that dies leaves nothing that others would wait for; a
//! reader never sees half a value, and a crash leaves the old one or the new.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// A folder that holds values by key.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    /// The newest generation that was seen of each key. It mostly is the newest
    /// still, which is quicker to find out than which one is.
    seen: Arc<Mutex<BTreeMap<String, u64>>>,
}

/// A value as it was when it was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The value, if there is one.
    pub value: Option<Vec<u8>>,
    /// How many times it was replaced.
    generation: u64,
}

/// The drafts of a value, in its folder. Apart from the generations, since some
/// hosts cannot list a folder while something in it goes.
const DRAFTS: &str = "drafts";

/// How many generations stay, for readers that have just found the name of one.
const KEPT: u64 = 16;

/// How old a draft must be before it is taken to be left by a writer that died.
/// One that lives after all finds it gone and begins anew.
const STALE: Duration = Duration::from_mins(1);

impl Folder {
    /// A folder that is there already.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        if fs::metadata(&path)?.is_dir() {
            Ok(Self {
                path,
                seen: Arc::default(),
            })
        } else {
            Err(ErrorKind::NotADirectory.into())
        }
    }

    /// All keys, in no order.
    pub fn keys(&self) -> io::Result<Vec<String>> {
        let mut keys = Vec::new();
        for name in names(&self.path)? {
            if let Some(key) = key_of(&name)
                && self.look(&key)?.value.is_some()
            {
                keys.push(key);
            }
        }
        Ok(keys)
    }

    /// The value of a key.
    pub fn look(&self, key: &str) -> io::Result<Seen> {
        let folder = self.value(key);
        if let Some(seen) = self.look_again(key, &folder)? {
            return Ok(seen);
        }
        loop {
            let Some(generation) = generations(&folder)?.max() else {
                return Ok(Seen::default());
            };
            // If it is gone, so many others have come that there are newer ones.
            if let Some(seen) = read(&folder, generation)? {
                self.known().insert(key.to_owned(), generation);
                return Ok(seen);
            }
        }
    }

    /// The value, if it is of the generation that was seen last: one that is
    /// there while the next one is not. (Old ones go in their order, so the
    /// next one cannot have come and gone.)
    fn look_again(&self, key: &str, folder: &Path) -> io::Result<Option<Seen>> {
        let Some(generation) = self.known().get(key).copied() else {
            return Ok(None);
        };
        let next = folder.join((generation + 1).to_string());
        match absent(File::open(next))? {
            Some(_) => Ok(None),
            None => read(folder, generation),
        }
    }

    /// Whatever a thread left in it is as good as before.
    fn known(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces a value if it is still what was seen, and says whether it was.
    pub fn replace(&self, key: &str, seen: &Seen, value: &[u8]) -> io::Result<bool> {
        let folder = self.value(key);
        // If something is not there, another writer deleted the value, folder
        // and draft and all.
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
        // After the draft: it is lost if the folder becomes another one now.
        let next = seen.generation + 1;
        if self.look(key)? != *seen {
            fs::remove_file(&draft)?;
            return Ok(false);
        }
        let linked = fs::hard_link(&draft, folder.join(next.to_string()));
        // The next generation may have come and gone while this writer slept.
        // Looked up at once, for after a sleep it looks as if it had.
        let newest = generations(folder)?.max().unwrap_or_default();
        fs::remove_file(&draft)?;
        match linked {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
            linked => linked?,
        }
        sync(folder);
        tidy(folder, newest)?;
        Ok(newest < next + KEPT)
    }

    /// Replaces a value, whatever it is.
    pub fn set(&self, key: &str, value: &[u8]) -> io::Result<()> {
        while !self.replace(key, &self.look(key)?, value)? {}
        Ok(())
    }

    /// Removes a value, if there is one.
    pub fn delete(&self, key: &str) -> io::Result<()> {
        let gone = self.path.join(format!(".gone-{}", random()));
        if absent(fs::rename(self.value(key), gone))?.is_none() {
            return Ok(());
        }
        sync(&self.path);
        // Its own, and those of writers that died before they came to this.
        for name in names(&self.path)?.filter(|name| name.starts_with(".gone-")) {
            // Whoever is second has nothing to do.
            let _ = fs::remove_dir_all(self.path.join(name));
        }
        Ok(())
    }

    fn value(&self, key: &str) -> PathBuf {
        self.path.join(name_of(key))
    }
}

/// The names in a folder; none if there is no folder.
fn names(folder: &Path) -> io::Result<impl Iterator<Item = String>> {
    let names = loop {
        let Some(entries) = absent(fs::read_dir(folder))? else {
            break Vec::new();
        };
        let names = entries.map(|entry| Ok(entry?.file_name())).collect();
        // Something went while the folder was listed; so list it again.
        if let Some(names) = absent(names)? {
            break names;
        }
    };
    let names = names.into_iter();
    Ok(names.filter_map(|name| name.into_string().ok()))
}

/// What is not there as `None`.
fn absent<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

/// A generation, unless it is gone.
fn read(folder: &Path, generation: u64) -> io::Result<Option<Seen>> {
    let value = absent(fs::read(folder.join(generation.to_string())))?;
    Ok(value.map(|value| Seen {
        value: Some(value),
        generation,
    }))
}

fn generations(folder: &Path) -> io::Result<impl Iterator<Item = u64>> {
    Ok(names(folder)?.filter_map(|name| name.parse().ok()))
}

/// Removes old generations, the oldest first, and, from time to time, drafts of
/// writers that died. What cannot be removed, another writer has removed or will.
fn tidy(folder: &Path, newest: u64) -> io::Result<()> {
    let mut old: Vec<_> = generations(folder)?
        .filter(|generation| generation + KEPT <= newest)
        .collect();
    old.sort_unstable();
    for generation in old {
        let _ = fs::remove_file(folder.join(generation.to_string()));
    }
    if newest.is_multiple_of(KEPT) {
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
    matches!(age, Ok(Ok(age)) if age > STALE)
}

/// Has a change of names outlive a power failure, where the host can.
fn sync(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        // Not every host syncs folders; a crash of the program alone loses
        // nothing either way.
        let _ = folder.sync_all();
    }
}

/// A name that nobody else has.
fn random() -> String {
    format!("{:016x}", RandomState::new().hash_one(0))
}

/// A key as the name of its folder: letters, digits, `-` and `_` as they are, other
/// bytes as `%` and two digits.
fn name_of(key: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        byte => format!("%{byte:02x}"),
    };
    key.bytes().map(escaped).collect()
}

/// The key of a folder's name; what is being deleted, which begins with a dot,
/// has none.
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
        let folder = Folder::open(place.path()).unwrap();
        (place, folder)
    }

    fn text(folder: &Folder, key: &str) -> Option<String> {
        let value = folder.look(key).unwrap().value;
        value.map(|value| String::from_utf8(value).unwrap())
    }

    #[test]
    fn keys_become_names_and_keys_again() {
        for key in ["imdsim/state", "", "ü.%/-_", "..", "a%2fb"] {
            assert_eq!(key_of(&name_of(key)).as_deref(), Some(key));
        }
        assert_eq!(name_of("imdsim/state"), "imdsim%2fstate");
        assert_eq!(key_of(".gone-x"), None);
    }

    #[test]
    fn a_value_is_set_seen_and_deleted() {
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
    fn a_reader_sees_what_others_have_made_of_a_value_it_knows() {
        let (place, folder) = folder();
        let other = Folder::open(place.path()).unwrap();
        for changes in [1, 2, KEPT, 3 * KEPT] {
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
    fn only_what_was_seen_is_replaced() {
        let (_place, folder) = folder();
        let nothing = folder.look("k").unwrap();
        assert!(folder.replace("k", &nothing, b"1").unwrap());
        assert!(!folder.replace("k", &nothing, b"2").unwrap());
        let one = folder.look("k").unwrap();
        folder.delete("k").unwrap();
        assert!(!folder.replace("k", &one, b"2").unwrap());
        folder.set("k", b"3").unwrap();
        // The same generation, and yet another value.
        assert!(!folder.replace("k", &one, b"2").unwrap());
        assert_eq!(text(&folder, "k").unwrap(), "3");
    }

    #[test]
    fn old_generations_and_drafts_of_the_dead_go() {
        let (place, folder) = folder();
        folder.set("k", b"x").unwrap();
        let drafts = place.path().join("k").join(DRAFTS);
        let draft = |name: &str, age| {
            let file = File::create(drafts.join(name)).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        };
        draft("dead", STALE + Duration::from_secs(1));
        draft("slow", Duration::ZERO);
        for _ in 0..2 * KEPT {
            folder.set("k", b"x").unwrap();
        }
        let names: Vec<_> = names(&drafts).unwrap().collect();
        assert_eq!(names, ["slow"]);
        let kept = generations(&place.path().join("k")).unwrap().count();
        assert_eq!(kept as u64, KEPT);
    }

    /// A writer that slept while its generation came and went has not won.
    #[test]
    fn a_late_writer_fills_no_gap() {
        let (place, folder) = folder();
        for _ in 0..3 * KEPT {
            folder.set("k", b"x").unwrap();
        }
        let path = place.path().join("k");
        fs::write(path.join("2"), "late").unwrap();
        assert_eq!(text(&folder, "k").unwrap(), "x");
        folder.set("k", b"y").unwrap();
        assert!(!path.join("2").exists());
    }

    #[test]
    fn writers_in_threads_lose_nothing() {
        let (_place, folder) = folder();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..25).for_each(|_| count(&folder)));
            }
        });
        assert_eq!(text(&folder, "n").unwrap().len(), 200);
    }

    /// Adds a byte, as compare-and-swap does: look, then replace if unchanged.
    fn count(folder: &Folder) {
        loop {
            let seen = folder.look("n").unwrap();
            let mut next = seen.value.clone().unwrap_or_default();
            next.push(b'x');
            if folder.replace("n", &seen, &next).unwrap() {
                return;
            }
        }
    }
}

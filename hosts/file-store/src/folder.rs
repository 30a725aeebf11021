//! Key-value storage in files: one folder per key, whose file `current` is the
//! value.
//!
//! To replace a value, a writer writes a draft, claims the next generation by
//! linking the draft to the generation's number, which only one writer can, and
//! renames the draft to `current`. A writer that finds the generation claimed
//! does the rename for the other one, which may have died: a draft can be renamed
//! only once, and the generation after it is claimed only when `current` shows
//! it. Without locks, a writer that dies blocks nobody. Readers never see a
//! partial value, and a crash leaves either the old value or the new one.

use std::io::{self, ErrorKind};
use std::str;

use crate::files::{Files, absent};
use crate::names::{key_of, name_of};

/// A folder that holds values by key. A missing one holds no values.
#[derive(Debug, Default)]
pub struct Folder<F>(F);

/// A snapshot of a value: the content of its file, if there is one.
///
/// The first line is the name of the draft, which makes each file unique.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen(Option<Vec<u8>>);

/// Number of claims kept, for writers that were suspended. A writer that was
/// suspended for more generations than this cannot know whether it stored its
/// value, and is told that it did not.
const KEPT_CLAIMS: u64 = 16;

impl Seen {
    /// The value, if any.
    pub fn value(self) -> Option<Vec<u8>> {
        let mut content = self.0?;
        let line = draft_of(&content)?.len() + 1;
        content.drain(..line);
        Some(content)
    }

    /// The number of replacements so far.
    fn generation(&self) -> u64 {
        let draft = self.0.as_deref().and_then(draft_of);
        draft.and_then(generation_of).unwrap_or(0)
    }
}

/// The name of the draft that became a file.
fn draft_of(content: &[u8]) -> Option<&str> {
    let end = content.iter().position(|byte| *byte == b'\n')?;
    str::from_utf8(&content[..end]).ok()
}

/// The generation in the name of a claim, or of a draft, which a hyphen and a
/// random number follow.
fn generation_of(name: &str) -> Option<u64> {
    name.split('-').next()?.parse().ok()
}

/// The paths of a key.
struct Paths {
    folder: String,
    current: String,
    drafts: String,
}

impl Paths {
    fn new(key: &str) -> Self {
        let folder = name_of(key);
        Self {
            current: format!("{folder}/current"),
            drafts: format!("{folder}/drafts"),
            folder,
        }
    }

    fn claim(&self, generation: u64) -> String {
        format!("{}/{generation}", self.folder)
    }

    fn draft(&self, name: &str) -> String {
        format!("{}/{name}", self.drafts)
    }
}

impl<F: Files> Folder<F> {
    /// A folder with `files` below it.
    pub const fn new(files: F) -> Self {
        Self(files)
    }

    /// The files below the folder.
    pub const fn files(&self) -> &F {
        &self.0
    }

    /// All keys, unordered.
    pub fn keys(&self) -> io::Result<Vec<String>> {
        let mut keys = Vec::new();
        for name in self.names("")? {
            if let Some(key) = key_of(&name)
                && self.get(&key)?.0.is_some()
            {
                keys.push(key);
            }
        }
        Ok(keys)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> io::Result<Seen> {
        let current = format!("{}/current", name_of(key));
        absent(self.0.read(&current)).map(Seen)
    }

    /// Replaces a value if it still equals a snapshot; returns whether it did.
    pub fn replace(&self, key: &str, seen: &Seen, value: &[u8]) -> io::Result<bool> {
        // A missing file means that another writer deleted the value, including
        // its folder and this draft.
        let replaced = absent(self.try_replace(key, seen, value))?;
        Ok(replaced.unwrap_or(false))
    }

    fn try_replace(&self, key: &str, seen: &Seen, value: &[u8]) -> io::Result<bool> {
        let paths = Paths::new(key);
        let generation = seen.generation() + 1;
        let name = format!("{generation}-{:016x}", self.0.random());
        let draft = paths.draft(&name);
        self.0.create_folder(&paths.folder)?;
        self.0.create_folder(&paths.drafts)?;
        self.0
            .create(&draft, &[name.as_bytes(), b"\n", value].concat())?;
        // A claim must not outlive its draft.
        self.0.sync_folder(&paths.drafts);
        // Checked after writing the draft, so that a new folder loses the draft.
        if self.get(key)? != *seen {
            absent(self.0.remove(&draft))?;
            return Ok(false);
        }
        let claim = paths.claim(generation);
        match self.0.link(&draft, &claim) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.finish(key, seen, &paths, &claim)?;
                absent(self.0.remove(&draft))?;
                return Ok(false);
            }
            linked => linked?,
        }
        // The claim may have been made and deleted while this writer was suspended.
        let now = self.get(key)?;
        if now == *seen {
            // A missing draft means that another writer has renamed it.
            absent(self.0.rename(&draft, &paths.current))?;
        } else if !(generation..generation + KEPT_CLAIMS).contains(&now.generation()) {
            return Ok(false);
        }
        self.0.sync_folder(&paths.folder);
        self.clean_up(&paths, generation)?;
        Ok(true)
    }

    /// Stores the value of the writer that claimed the generation after a snapshot.
    fn finish(&self, key: &str, seen: &Seen, paths: &Paths, claim: &str) -> io::Result<()> {
        let claimed = self.0.read(claim)?;
        // Checked after reading the claim: it is valid only if it was made before
        // this value was replaced.
        if let Some(name) = draft_of(&claimed)
            && self.get(key)? == *seen
        {
            absent(self.0.rename(&paths.draft(name), &paths.current))?;
        }
        Ok(())
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
            let number = match seen.clone().value() {
                None => Some(0),
                Some(bytes) => str::from_utf8(&bytes)
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
        let gone = format!(".gone-{:016x}", self.0.random());
        if absent(self.0.rename(&name_of(key), &gone))?.is_none() {
            return Ok(());
        }
        self.0.sync_folder("");
        // Deletes its own folder and those of writers that died before this step.
        for name in self.names("")? {
            if name.starts_with(".gone-") {
                // Another writer may have deleted it already.
                let _ = self.0.remove_folder(&name);
            }
        }
        Ok(())
    }

    /// Deletes the old claims, oldest first, and the drafts of generations that
    /// exist, which lost the race. Ignores failures: another writer has deleted
    /// the file or will.
    fn clean_up(&self, paths: &Paths, newest: u64) -> io::Result<()> {
        let claims = self.names(&paths.folder)?;
        let mut old: Vec<_> = claims
            .iter()
            .filter_map(|name| name.parse::<u64>().ok())
            .filter(|generation| generation + KEPT_CLAIMS <= newest)
            .collect();
        old.sort_unstable();
        for generation in old {
            let _ = self.0.remove(&paths.claim(generation));
        }
        for name in self.names(&paths.drafts)? {
            if generation_of(&name).is_none_or(|generation| generation <= newest) {
                let _ = self.0.remove(&paths.draft(&name));
            }
        }
        Ok(())
    }

    /// The names in a folder; none if it does not exist.
    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        Ok(absent(self.0.names(folder))?.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::standard_files::StandardFiles;

    fn folder() -> (tempfile::TempDir, Folder<StandardFiles>) {
        let place = tempfile::tempdir().unwrap();
        let folder = at(place.path());
        (place, folder)
    }

    fn at(place: &Path) -> Folder<StandardFiles> {
        Folder::new(StandardFiles::new(place))
    }

    fn text<F: Files>(folder: &Folder<F>, key: &str) -> Option<String> {
        let value = folder.get(key).unwrap().value();
        value.map(|value| String::from_utf8(value).unwrap())
    }

    #[test]
    fn values_can_be_set_read_and_deleted() {
        let (place, folder) = folder();
        assert_eq!(text(&folder, "k"), None);
        folder.set("k", b"v\n").unwrap();
        assert_eq!(text(&folder, "k").unwrap(), "v\n");
        assert_eq!(folder.keys().unwrap(), ["k"]);
        folder.delete("k").unwrap();
        folder.delete("k").unwrap();
        assert_eq!(folder.keys().unwrap(), [""; 0]);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
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
        folder.set("k", b"1").unwrap();
        // The same generation and value, but another file.
        assert!(!folder.replace("k", &one, b"2").unwrap());
        assert_eq!(text(&folder, "k").unwrap(), "1");
    }

    #[test]
    fn a_writer_that_dies_at_any_step_loses_nothing_and_blocks_nobody() {
        for before in [0, 1, KEPT_CLAIMS + 1] {
            let mut stored = Vec::new();
            for operations in 0.. {
                let (place, folder) = folder();
                for _ in 0..before {
                    folder.set("k", b"old").unwrap();
                }
                let seen = folder.get("k").unwrap();
                let dying = Folder::new(StandardFiles::dying(place.path(), operations));
                let result = dying.replace("k", &seen, b"new");
                let old = (before > 0).then_some("old");
                let kept = text(&folder, "k");
                assert!([old, Some("new")].contains(&kept.as_deref()), "{kept:?}");
                stored.push(kept.as_deref() == Some("new"));
                // The first attempt may do the rename for the dead writer.
                let next = |value: &[u8]| {
                    let seen = folder.get("k").unwrap();
                    folder.replace("k", &seen, value).unwrap()
                };
                assert!(next(b"next") || next(b"next"), "after {operations}");
                assert_eq!(text(&folder, "k").unwrap(), "next");
                assert_eq!(drafts(place.path()), 0);
                if let Ok(replaced) = result {
                    assert!(replaced);
                    break;
                }
            }
            assert!(stored.is_sorted() && stored[stored.len() - 1]);
        }
    }

    fn drafts(place: &Path) -> usize {
        fs::read_dir(place.join("k/drafts")).unwrap().count()
    }

    #[test]
    fn old_claims_and_lost_drafts_are_deleted() {
        let (place, folder) = folder();
        folder.set("k", b"x").unwrap();
        let path = place.path().join("k");
        fs::write(path.join("drafts/1-dead"), "").unwrap();
        for _ in 0..2 * KEPT_CLAIMS {
            folder.set("k", b"x").unwrap();
        }
        assert_eq!(drafts(place.path()), 0);
        let names = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap());
        let claims =
            names.filter(|entry| entry.file_name().to_string_lossy().parse::<u64>().is_ok());
        assert_eq!(claims.count() as u64, KEPT_CLAIMS);
    }

    /// A writer that was suspended while its generation was claimed and the claim
    /// deleted has lost the race.
    #[test]
    fn late_writer_does_not_fill_a_gap() {
        let (place, folder) = folder();
        folder.set("k", b"1").unwrap();
        let seen = folder.get("k").unwrap();
        for _ in 0..3 * KEPT_CLAIMS {
            folder.set("k", b"x").unwrap();
        }
        let path = place.path().join("k");
        fs::write(path.join("drafts/2-0"), "2-0\nlate").unwrap();
        fs::hard_link(path.join("drafts/2-0"), path.join("2")).unwrap();
        // Another writer that was suspended as long finds the claim.
        folder.finish("k", &seen, &Paths::new("k"), "k/2").unwrap();
        assert_eq!(text(&folder, "k").unwrap(), "x");
        folder.set("k", b"y").unwrap();
        assert_eq!(text(&folder, "k").unwrap(), "y");
        assert!(!path.join("2").exists());
    }

    #[test]
    fn concurrent_writers_lose_no_update() {
        let (place, folder) = folder();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let folder = at(place.path());
                    (0..25).for_each(|_| count(&folder));
                });
            }
        });
        assert_eq!(text(&folder, "n").unwrap().len(), 200);
    }

    /// Appends a byte by compare-and-swap.
    fn count(folder: &Folder<StandardFiles>) {
        loop {
            let seen = folder.get("n").unwrap();
            let mut next = seen.clone().value().unwrap_or_default();
            next.push(b'x');
            if folder.replace("n", &seen, &next).unwrap() {
                return;
            }
        }
    }
}

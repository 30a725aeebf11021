//! One file a value. A value is replaced by writing another file, syncing it
//! and renaming it, so that a reader never sees half of one and a crash leaves
//! the old value or the new.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::lock::Lock;

/// A folder that holds values by key.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// What becomes of a value that is being looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// It stays.
    Keep,
    /// It is replaced.
    Set(&'a [u8]),
    /// It goes.
    Delete,
}

impl Folder {
    /// A folder that is there already.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        if fs::metadata(&path)?.is_dir() {
            Ok(Self(path))
        } else {
            Err(ErrorKind::NotADirectory.into())
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> io::Result<Option<Vec<u8>>> {
        let mut file = match File::open(self.file(key)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut value = Vec::new();
        file.read_to_end(&mut value)?;
        Ok(Some(value))
    }

    /// All keys, in no order.
    pub fn keys(&self) -> io::Result<Vec<String>> {
        let mut keys = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let name = entry?.file_name();
            keys.extend(name.to_str().and_then(key_of));
        }
        Ok(keys)
    }

    /// Looks at a value and changes it, while nobody else does.
    pub fn update<'v>(
        &self,
        key: &str,
        change: impl FnOnce(Option<&[u8]>) -> Change<'v>,
    ) -> io::Result<()> {
        let file = self.file(key);
        let lock = Lock::take(&self.0, &name_of(key))?;
        match change(self.get(key)?.as_deref()) {
            Change::Keep => Ok(()),
            Change::Set(value) => {
                let draft = lock.draft();
                let mut written = File::create(&draft)?;
                written.write_all(value)?;
                written.sync_all()?;
                drop(written);
                lock.check()?;
                fs::rename(draft, file)?;
                self.sync();
                Ok(())
            }
            Change::Delete => {
                lock.check()?;
                match fs::remove_file(file) {
                    Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                    _ => {
                        self.sync();
                        Ok(())
                    }
                }
            }
        }
    }

    /// Has a rename outlive a power failure, where the host can.
    fn sync(&self) {
        if let Ok(folder) = File::open(&self.0) {
            // Not every host syncs folders; a crash of the program alone
            // loses nothing either way.
            let _ = folder.sync_all();
        }
    }

    fn file(&self, key: &str) -> PathBuf {
        Path::join(&self.0, name_of(key))
    }
}

/// A key as the name of a file: letters, digits, `-` and `_` as they are, other
/// bytes as `%` and two digits.
fn name_of(key: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        byte => format!("%{byte:02x}"),
    };
    key.bytes().map(escaped).collect()
}

/// The key of a file's name; locks and drafts, which begin with a dot, have
/// none.
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

    #[test]
    fn keys_become_names_and_keys_again() {
        for key in ["imdsim/state", "", "ü.%/-_", "..", "a%2fb"] {
            assert_eq!(key_of(&name_of(key)).as_deref(), Some(key));
        }
        assert_eq!(name_of("imdsim/state"), "imdsim%2fstate");
        assert_eq!(key_of(".lock-x"), None);
    }

    #[test]
    fn a_value_is_set_seen_and_deleted() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        assert_eq!(folder.get("k").unwrap(), None);
        folder.update("k", |_| Change::Set(b"v")).unwrap();
        assert_eq!(folder.get("k").unwrap().as_deref(), Some(&b"v"[..]));
        assert_eq!(folder.keys().unwrap(), ["k"]);
        folder
            .update("k", |value| {
                assert_eq!(value, Some(&b"v"[..]));
                Change::Delete
            })
            .unwrap();
        assert_eq!(folder.keys().unwrap(), [""; 0]);
        // Neither a lock nor a draft is left.
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn writers_in_threads_lose_nothing() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        let mut next = Vec::new();
                        let before = folder.get("n").unwrap();
                        drop(before);
                        count(&folder, &mut next);
                    }
                });
            }
        });
        assert_eq!(folder.get("n").unwrap().unwrap().len(), 200);
    }

    /// Adds a byte, as compare-and-swap does: look, then replace if unchanged.
    fn count(folder: &Folder, next: &mut Vec<u8>) {
        loop {
            let seen = folder.get("n").unwrap();
            next.clone_from(&seen.clone().unwrap_or_default());
            next.push(b'x');
            let mut won = false;
            folder
                .update("n", |value| {
                    won = value == seen.as_deref();
                    if won { Change::Set(next) } else { Change::Keep }
                })
                .unwrap();
            if won {
                return;
            }
        }
    }
}

//! One writer at a time: a lock file that only one can make.

use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

/// How old a lock must be before it is taken to be left by a writer that died.
/// Writers hold a lock for milliseconds.
const STALE: Duration = Duration::from_secs(10);

/// How long a writer waits for others before it gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long it waits before it looks again.
const PAUSE: Duration = Duration::from_millis(2);

/// A lock that is held until it is dropped.
pub(crate) struct Lock {
    folder: PathBuf,
    file: PathBuf,
    /// Which writer holds it; no two are the same.
    owner: String,
}

impl Lock {
    /// Waits for the lock of the value with this file name.
    pub(crate) fn take(folder: &Path, name: &str) -> io::Result<Self> {
        let lock = Self {
            folder: folder.to_owned(),
            file: folder.join(format!(".lock-{name}")),
            owner: format!("{:016x}", RandomState::new().hash_one(name)),
        };
        let mut waited = Duration::ZERO;
        loop {
            match File::create_new(&lock.file) {
                Ok(mut file) => {
                    file.write_all(lock.owner.as_bytes())?;
                    return Ok(lock);
                }
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    // Nothing was taken, so nothing is to be given back.
                    std::mem::forget(lock);
                    return Err(error);
                }
                Err(_) if waited < PATIENCE => {
                    lock.break_if_stale();
                    sleep(PAUSE);
                    waited += PAUSE;
                }
                Err(_) => {
                    let held = format!("{} is held by another writer", lock.file.display());
                    std::mem::forget(lock);
                    return Err(io::Error::new(ErrorKind::TimedOut, held));
                }
            }
        }
    }

    /// Where the next value is written before it takes its place.
    pub(crate) fn draft(&self) -> PathBuf {
        draft(&self.folder, &self.owner)
    }

    /// Fails if this writer was taken for dead meanwhile.
    pub(crate) fn check(&self) -> io::Result<()> {
        if fs::read(&self.file).is_ok_and(|owner| owner == self.owner.as_bytes()) {
            Ok(())
        } else {
            Err(io::Error::other(
                "this writer was too slow and lost its lock; try again",
            ))
        }
    }

    /// Takes away the lock of a writer that died, and its draft. Whoever moves
    /// the file away first does it; a lock that proves to be another one than
    /// was looked at is put back.
    fn break_if_stale(&self) {
        let Some(owner) = stale_owner(&self.file) else {
            return;
        };
        let broken = self.folder.join(format!(".broken-{}", self.owner));
        if fs::rename(&self.file, &broken).is_err() {
            return;
        }
        if fs::read(&broken).is_ok_and(|found| found == owner) {
            let _ = fs::remove_file(&broken);
            if let Ok(owner) = String::from_utf8(owner) {
                let _ = fs::remove_file(draft(&self.folder, &owner));
            }
        } else {
            let _ = fs::rename(&broken, &self.file);
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.check().is_ok() {
            let _ = fs::remove_file(self.draft());
            let _ = fs::remove_file(&self.file);
        }
    }
}

fn draft(folder: &Path, owner: &str) -> PathBuf {
    folder.join(format!(".draft-{owner}"))
}

/// Whose lock this is, if it is too old to be held.
fn stale_owner(file: &Path) -> Option<Vec<u8>> {
    let modified = fs::metadata(file).ok()?.modified().ok()?;
    let age = SystemTime::now().duration_since(modified).ok()?;
    (age > STALE).then(|| fs::read(file).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_of_a_dead_writer_is_broken_and_its_draft_removed() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join(".lock-k");
        fs::write(&file, "dead").unwrap();
        fs::write(draft(place.path(), "dead"), "half").unwrap();
        let long_ago = SystemTime::now() - STALE - Duration::from_secs(1);
        File::options()
            .write(true)
            .open(&file)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        drop(Lock::take(place.path(), "k").unwrap());
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_writer_that_was_taken_for_dead_does_not_write() {
        let place = tempfile::tempdir().unwrap();
        let lock = Lock::take(place.path(), "k").unwrap();
        lock.check().unwrap();
        fs::write(place.path().join(".lock-k"), "another").unwrap();
        lock.check().unwrap_err();
        drop(lock);
        // It did not take the other's lock away.
        assert!(place.path().join(".lock-k").exists());
    }
}

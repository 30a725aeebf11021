//! Opens the state file, or rejects it without changing a byte.
//!
//! redb repairs the files it opens, so a copy in memory is checked first:
//! whether it is an intact database of a known version. Only then is the file
//! itself opened. An empty file, as `mktemp` creates it, counts as missing.

use std::fs::{self, File};
use std::io::Read as _;
use std::panic;
use std::path::Path;

use redb::backends::InMemoryBackend;
use redb::{
    Builder, Database, DatabaseError, ReadableDatabase as _, StorageBackend as _, TableDefinition,
};

use crate::error::Failure;

/// The stored values, by key.
pub(super) const VALUES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("values");

/// Data about the file, read before its values.
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("imdsim");

/// The row of `META` with the format version.
const FORMAT: &str = "format";

/// The version that this program writes, and the newest one that it reads.
const FORMAT_VERSION: u64 = 1;

/// The first bytes of every redb file.
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

/// Opens the file, or creates it.
pub(super) fn open(path: &Path) -> Result<Database, Failure> {
    match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(path),
        Err(error) => Err(unusable(path, error)),
        Ok(about) if !about.is_file() => Err(refusal(
            path,
            "it is not a file",
            "give the name of a file, which may be a new one",
        )),
        Ok(about) if about.len() == 0 => create(path),
        Ok(_) => {
            examine(path)?;
            Database::open(path).map_err(|error| explain(path, &error))
        }
    }
}

/// Creates a state file without values.
fn create(path: &Path) -> Result<Database, Failure> {
    let begin = || -> Result<Database, redb::Error> {
        let database = Database::create(path)?;
        let transaction = database.begin_write()?;
        transaction
            .open_table(META)?
            .insert(FORMAT, FORMAT_VERSION)?;
        transaction.open_table(VALUES)?;
        transaction.commit()?;
        Ok(database)
    };
    begin().map_err(|error| match error {
        redb::Error::DatabaseAlreadyOpen => in_use(path),
        error => unusable(path, error),
    })
}

/// Checks an existing file without changing it.
fn examine(path: &Path) -> Result<(), Failure> {
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut start))
        .map_err(|error| unusable(path, error))?;
    if start != MAGIC {
        return Err(damaged(path, "not a state file of imdsim, or damaged"));
    }
    // Checked first, because a file that is being written may look damaged.
    if let Ok(Err(DatabaseError::DatabaseAlreadyOpen)) =
        quietly(|| Builder::new().open_read_only(path).map(drop))
    {
        return Err(in_use(path));
    }
    let bytes = fs::read(path).map_err(|error| unusable(path, error))?;
    match quietly(move || read_copy(bytes)) {
        Ok(Ok((Some(FORMAT_VERSION), document))) => imdsim::State::read(document.as_deref())
            .map(drop)
            .map_err(|problem| damaged(path, problem)),
        Ok(Ok((Some(version), _))) => Err(refusal(
            path,
            format_args!("it is of format version {version}, and this program knows only 1"),
            "use the imdsim that wrote it, or another file",
        )),
        Ok(Ok((None, _))) => Err(damaged(path, "it is a database, but not imdsim's")),
        Ok(Err(redb::Error::UpgradeRequired(version))) => Err(damaged(
            path,
            format_args!("it is a database of redb file format {version}"),
        )),
        Ok(Err(_)) | Err(Panicked) => Err(damaged(path, "it is damaged")),
    }
}

/// Opens a copy, repairs it if the last program was killed, checks every page,
/// and reads the version and the state document.
fn read_copy(bytes: Vec<u8>) -> Result<(Option<u64>, Option<Vec<u8>>), redb::Error> {
    let copy = InMemoryBackend::new();
    copy.set_len(bytes.len() as u64)?;
    copy.write(0, &bytes)?;
    drop(bytes);
    let mut database = Builder::new().create_with_backend(copy)?;
    if !database.check_integrity()? {
        return Err(redb::Error::Corrupted("repaired".to_owned()));
    }
    let transaction = database.begin_read()?;
    let version = match transaction.open_table(META) {
        Ok(table) => table.get(FORMAT)?.map(|version| version.value()),
        Err(redb::TableError::TableDoesNotExist(_)) => None,
        Err(error) => return Err(error.into()),
    };
    // Newer versions may store values differently.
    if version != Some(FORMAT_VERSION) {
        return Ok((version, None));
    }
    let values = transaction.open_table(VALUES)?;
    let document = values.get(imdsim::STATE_KEY)?;
    Ok((version, document.map(|document| document.value().to_vec())))
}

/// A panic of the database code, which a damaged file may cause.
struct Panicked;

fn quietly<T>(work: impl FnOnce() -> T + panic::UnwindSafe) -> Result<T, Panicked> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(work);
    panic::set_hook(hook);
    result.map_err(|_| Panicked)
}

fn explain(path: &Path, error: &DatabaseError) -> Failure {
    match error {
        DatabaseError::DatabaseAlreadyOpen => in_use(path),
        error => unusable(path, error),
    }
}

fn in_use(path: &Path) -> Failure {
    refusal(
        path,
        "another program has it open",
        "stop that program, or use another file",
    )
}

fn damaged(path: &Path, what: impl std::fmt::Display) -> Failure {
    refusal(
        path,
        what,
        "it was not changed; move it away to start with an empty state, or use another file",
    )
}

/// The error for a file that cannot be opened, read or created.
pub(super) fn unusable(path: &Path, error: impl std::fmt::Display) -> Failure {
    refusal(
        path,
        error,
        "give a file in a folder that exists and can be written to",
    )
}

fn refusal(path: &Path, what: impl std::fmt::Display, remedy: &str) -> Failure {
    let what = format!("this state file cannot be used: {what}");
    Failure::new(path.display(), what, remedy)
}

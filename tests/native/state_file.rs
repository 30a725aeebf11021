//! `--state`: created, persistent, locked, and unchanged when invalid.

use std::fs;
use std::path::{Path, PathBuf};

use redb::{
    Database, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _,
    TableDefinition,
};
use tempfile::TempDir;

use crate::program::{Program, body, command, refusal, text};

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("imdsim");
const VALUES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("values");

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    (folder, path)
}

/// A state file created by the program.
#[cfg(unix)]
fn make(path: &Path) {
    Program::start(&["--state", text(path)]).stop();
}

/// Checks that the program rejects the file with this sentence and does not
/// change it.
#[track_caller]
fn check_untouched(path: &Path, what: &str) {
    let before = fs::read(path).unwrap();
    let said = refusal(&["--addr", "127.0.0.1:0", "--state", text(path)]);
    let expected = format!("{}: this state file cannot be used: {what}", path.display());
    assert!(said.starts_with(&expected), "{said}");
    assert!(fs::read(path).unwrap() == before, "the file was touched");
}

#[test]
#[cfg(unix)]
fn a_new_state_file_has_no_state() {
    let (_folder, path) = folder();
    let program = Program::start(&["--state", text(&path)]);
    program.get("/latest/meta-data/");
    program.stop();
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_read().unwrap();
    let format = transaction.open_table(META).unwrap();
    assert_eq!(format.get("format").unwrap().unwrap().value(), 1);
    assert!(transaction.open_table(VALUES).unwrap().is_empty().unwrap());
}

#[test]
#[cfg(unix)]
fn a_signature_is_stored_beside_the_state() {
    let (_folder, path) = folder();
    let sign = || {
        let program = Program::start(&["--state", text(&path)]);
        let response = program.get("/latest/dynamic/instance-identity/pkcs7");
        program.stop();
        body(&response).to_owned()
    };
    let made = sign();
    assert_eq!(sign(), made);
    let database = Database::open(&path).unwrap();
    let values = database.begin_read().unwrap().open_table(VALUES).unwrap();
    // A read still does not write the state.
    assert_eq!(values.len().unwrap(), 1);
    let (key, value) = values.first().unwrap().unwrap();
    assert!(key.value().starts_with("imdsim/signature/"));
    assert!(value.value().ends_with(made.as_bytes()));
}

#[test]
#[cfg(unix)]
fn a_state_file_opens_again() {
    let (_folder, path) = folder();
    make(&path);
    make(&path);
}

#[test]
#[cfg(unix)]
fn a_state_file_opens_again_after_the_program_was_killed() {
    let (_folder, path) = folder();
    let program = Program::start(&["--state", text(&path)]);
    program.signal("KILL");
    program.wait();
    make(&path);
}

#[test]
#[cfg(unix)]
fn an_empty_file_counts_as_missing() {
    let (_folder, path) = folder();
    fs::write(&path, "").unwrap();
    make(&path);
}

#[test]
fn other_files_are_unchanged() {
    let (_folder, path) = folder();
    fs::write(&path, "{\"version\": 1}\n").unwrap();
    check_untouched(&path, "not a state file of imdsim, or damaged; ");
}

#[test]
fn other_databases_are_unchanged() {
    let (_folder, path) = folder();
    drop(Database::create(&path).unwrap());
    check_untouched(&path, "it is a database, but not imdsim's; ");
}

#[test]
#[cfg(unix)]
fn a_newer_state_file_is_unchanged() {
    let (_folder, path) = folder();
    make(&path);
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction
        .open_table(META)
        .unwrap()
        .insert("format", 2)
        .unwrap();
    transaction.commit().unwrap();
    drop(database);
    check_untouched(
        &path,
        "it is of format version 2, and this program knows only 1; use the imdsim that wrote it",
    );
}

#[test]
#[cfg(unix)]
fn a_damaged_state_file_is_unchanged() {
    let (_folder, path) = folder();
    make(&path);
    put(&path, "key", &[7; 3000]);
    let whole = fs::read(&path).unwrap();
    let value = whole
        .windows(64)
        .position(|bytes| bytes == [7; 64])
        .unwrap();

    // The value, the page headers, half of the file.
    let mut flipped = whole.clone();
    flipped[value + 100] ^= 1;
    fs::write(&path, &flipped).unwrap();
    check_untouched(&path, "it is damaged; it was not changed; ");

    let mut header = whole.clone();
    header[64..320].fill(0xff);
    fs::write(&path, &header).unwrap();
    check_untouched(&path, "it is damaged; ");

    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    check_untouched(&path, "it is damaged; ");

    fs::write(&path, &whole[..20]).unwrap();
    check_untouched(&path, "it is damaged; ");
}

#[test]
#[cfg(unix)]
fn a_state_file_is_locked() {
    let (_folder, path) = folder();
    let program = Program::start(&["--state", text(&path)]);
    check_untouched(
        &path,
        "another program has it open; stop that program, or use another file",
    );
    program.stop();
    make(&path);
}

#[test]
fn a_state_file_needs_a_folder() {
    let (folder, path) = folder();
    let nowhere = path.join("state");
    let said = refusal(&["--addr", "127.0.0.1:0", "--state", text(&nowhere)]);
    assert!(
        said.ends_with("; give a file in a folder that exists and can be written to"),
        "{said}"
    );
    let said = refusal(&["--addr", "127.0.0.1:0", "--state", text(folder.path())]);
    assert!(said.contains("it is not a file; "), "{said}");
}

/// Writes a value into a closed state file.
#[cfg(unix)]
fn put(path: &Path, key: &str, value: &[u8]) {
    let database = Database::open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction
        .open_table(VALUES)
        .unwrap()
        .insert(key, value)
        .unwrap();
    transaction.commit().unwrap();
}

#[test]
#[cfg(unix)]
fn an_invalid_state_document_is_unchanged_and_the_suggested_fix_works() {
    let (_folder, path) = folder();
    make(&path);
    put(&path, "imdsim/state", br#"{"version": 1}"#);
    check_untouched(
        &path,
        "the state document: it has no instance; it was not changed; move it away to start with \
         an empty state, or use another file",
    );
    fs::rename(&path, path.with_extension("away")).unwrap();
    make(&path);
}

#[test]
#[cfg(unix)]
fn a_zero_delay_survives_a_restart() {
    let (_folder, path) = folder();
    let program = Program::start(&["--state", text(&path)]);
    let fault = r#"{"preset": "slow", "delay": "0s"}"#;
    let put = program.send(format!(
        "PUT /_imdsim/faults/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{fault}",
        fault.len()
    ));
    assert!(put.starts_with("HTTP/1.1 200"), "{put}");
    program.stop();
    let program = Program::start(&["--state", text(&path)]);
    let answer = program.get("/latest/meta-data/");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    program.stop();
}

#[test]
#[cfg(unix)]
fn a_newer_state_document_is_unchanged() {
    let (_folder, path) = folder();
    make(&path);
    put(&path, "imdsim/state", br#"{"version": 2}"#);
    check_untouched(
        &path,
        "the state document: it was written by a newer imdsim",
    );
}

/// A file size limit acts like a full disk: writes fail.
#[test]
#[cfg(target_os = "linux")]
fn writes_resume_after_a_full_disk_has_space_again() {
    use std::process::Command;

    let (_folder, path) = folder();
    let program = {
        let plain = command(&[]);
        let mut ignoring = Command::new("bash");
        // Otherwise the signal would end the program.
        ignoring.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
        ignoring.arg(plain.get_program());
        ignoring.args(["--quiet", "--addr", "127.0.0.1:0", "--state", text(&path)]);
        ignoring.stderr(std::process::Stdio::piped());
        for (name, _) in plain.get_envs() {
            ignoring.env_remove(name);
        }
        Program::start_command(&mut ignoring)
    };
    let call = |start: &str, value: &str| {
        let response = program.send(format!(
            "{start} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{value}",
            value.len()
        ));
        let status = response.split(' ').nth(1).unwrap().to_owned();
        (status, body(&response).to_owned())
    };
    let put = |value: &str| call("PUT /_imdsim/overrides/meta-data/x", value).0;
    let read = || call("GET /latest/meta-data/x", "");
    let stored = |value: &str| ("200".to_owned(), value.to_owned());
    assert_eq!(put("one"), "200");
    if !program.limit("--fsize=4096:") {
        return;
    }
    for _ in 0..3 {
        assert_eq!(put("two"), "503");
        assert_eq!(call("POST /_imdsim/reset", "").0, "503");
        assert_eq!(read(), stored("one"), "what is stored is served all along");
    }
    assert!(program.limit("--fsize=unlimited:"));
    assert_eq!(read(), stored("one"));
    assert_eq!(put("three"), "200");
    assert_eq!(read(), stored("three"));
    program.stop();
    let program = Program::start(&["--quiet", "--state", text(&path)]);
    assert_eq!(body(&program.get("/latest/meta-data/x")), "three");
}

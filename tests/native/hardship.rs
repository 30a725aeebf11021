//! Many clients at once, and a program that is killed while they write.

use crate::load;
use crate::program::{Program, text};

#[test]
fn concurrent_writers_lose_nothing() {
    let program = Program::start(&["--quiet"]);
    load::nothing_is_lost(program.address());
}

#[test]
fn concurrent_writers_lose_nothing_with_a_state_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let program = Program::start(&["--quiet", "--state", text(&path)]);
    load::nothing_is_lost(program.address());
}

#[test]
fn no_acknowledged_write_is_lost_when_the_program_is_killed_200_times() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    load::survives_kills(200, || {
        let program = Program::start(&["--quiet", "--state", text(&path)]);
        let address = program.address().to_owned();
        (program, address)
    });
}

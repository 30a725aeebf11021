//! `--watch-config-file`.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::program::{Program, body, text};

const LEAF: &str = "/latest/meta-data/instance-id";

fn describe(path: &Path, id: &str) {
    let document = format!(r#"{{"InstanceId": "{id}"}}"#);
    fs::write(path, document).unwrap();
}

#[test]
fn a_change_is_served_once_logged_and_no_request_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("instance.json");
    let ids = ["i-00000000000000001", "i-00000000000000002"];
    describe(&path, ids[0]);
    let program = Program::start(&["-w", "--quiet", "--instance", text(&path)]);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut asked = 0;
            while !done.load(Ordering::Relaxed) {
                let response = program.get(LEAF);
                assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
                assert!(ids.contains(&body(&response)), "{response}");
                asked += 1;
            }
            asked
        });
        describe(&path, ids[1]);
        program.wait_for("configuration reloaded: instance\n");
        assert_eq!(body(&program.get(LEAF)), ids[1]);
        fs::write(&path, "{").unwrap();
        program.wait_for("configuration not reloaded; the previous one stays in force: ");
        assert_eq!(body(&program.get(LEAF)), ids[1]);
        fs::remove_file(&path).unwrap();
        program.wait_for("cannot read this file: ");
        describe(&path, ids[0]);
        program.wait_for("configuration reloaded: instance\n");
        assert_eq!(body(&program.get(LEAF)), ids[0]);
        done.store(true, Ordering::Relaxed);
        assert!(asking.join().unwrap() > 0);
    });
}

#[test]
fn control_changes_survive_a_reload() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    fs::write(&path, "{}").unwrap();
    let program = Program::start(&["--watch", "--config", text(&path)]);
    let changes = r#"{"InstanceId": "i-00000000000000003"}"#;
    let response = program.send(format!(
        "PATCH /_imdsim/instance HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{changes}",
        changes.len()
    ));
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    fs::write(&path, r#"{"instance": {"InstanceType": "m5.large"}}"#).unwrap();
    program.wait_for("configuration reloaded: instance\n");
    assert_eq!(body(&program.get(LEAF)), "i-00000000000000003");
    assert_eq!(
        body(&program.get("/latest/meta-data/instance-type")),
        "m5.large"
    );
}

#[cfg(unix)]
#[test]
fn the_json_log_reports_a_reload() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("user-data");
    fs::write(&path, "one").unwrap();
    let program = Program::start(&["-w", "--log", "json", "--user-data", text(&path)]);
    fs::write(&path, "two").unwrap();
    program.wait_for("configuration reloaded");
    let said = program.stop();
    let line = said.lines().nth(1).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["message"], "configuration reloaded: user_data");
    assert!(line["time"].as_str().unwrap().ends_with('Z'));
}

#[cfg(unix)]
#[test]
fn without_the_flag_file_changes_are_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("instance.json");
    describe(&path, "i-00000000000000001");
    let instance = ["--quiet", "--instance", text(&path)];
    let unwatched = Program::start(&instance);
    let watched = Program::start(&["-w", instance[0], instance[1], instance[2]]);
    describe(&path, "i-00000000000000002");
    watched.wait_for("configuration reloaded: instance\n");
    assert_eq!(body(&unwatched.get(LEAF)), "i-00000000000000001");
    assert_eq!(unwatched.stop().lines().count(), 1);
}

/// Each of these files once crashed the program.
#[test]
fn an_invalid_file_is_rejected_and_the_program_continues() {
    let folder = tempfile::tempdir().unwrap();
    let [instance, timeline] = ["instance", "timeline"].map(|name| folder.path().join(name));
    let ids = ["i-00000000000000001", "i-00000000000000002"];
    describe(&instance, ids[0]);
    fs::write(&timeline, "[]").unwrap();
    let program = Program::start(&[
        "--quiet",
        "-w",
        "--instance",
        text(&instance),
        "--timeline",
        text(&timeline),
    ]);
    let refused = "configuration not reloaded; the previous one stays in force: ";
    for depth in [100, 124, 125, 126, 127, 128, 100_000] {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        fs::write(&instance, deep).unwrap();
        program.wait_for("configuration ");
        let response = program.get(LEAF);
        assert!(
            response.starts_with("HTTP/1.1 200 OK\r\n"),
            "{depth}: {response}"
        );
    }
    describe(&instance, ids[1]);
    program.wait_for("configuration reloaded: instance\n");
    let nonsense = r#"[{"type": "change", "instance": {"Imdsim": "x"}},
        {"type": "spot-interruption"}]"#;
    fs::write(&timeline, nonsense).unwrap();
    program.wait_for(refused);
    assert_eq!(body(&program.get(LEAF)), ids[1]);
    fs::write(&timeline, "[]\n").unwrap();
    program.wait_for("configuration read again");
    assert_eq!(body(&program.get(LEAF)), ids[1]);
}

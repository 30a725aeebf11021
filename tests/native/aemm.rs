//! The command line and the configuration file of the AWS mock.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::program::{Program, body, command, refusal, refusal_of, text};

/// Returns the metadata that the program would serve with these settings.
fn tree(prepared: &mut Command) -> (Value, String) {
    let output = prepared.args(["tree", "--json"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    (serde_json::from_slice(&output.stdout).unwrap(), said)
}

fn write(folder: &Path, name: &str, content: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    text(&path).to_owned()
}

#[track_caller]
fn check(program: &Program, path: &str, expected: &str) {
    let response = program.get(&format!("/latest/meta-data/{path}"));
    assert!(response.starts_with("HTTP/1.1 200 "), "{path}: {response}");
    assert_eq!(body(&response), expected, "{path}");
}

#[track_caller]
fn check_absent(program: &Program, path: &str) {
    let response = program.get(&format!("/latest/meta-data/{path}"));
    assert!(response.starts_with("HTTP/1.1 404 "), "{path}: {response}");
}

#[test]
fn spot_adds_an_interruption_and_a_recommendation_only() {
    let program = Program::start(&[
        "spot",
        "-d",
        "0",
        "--action",
        "stop",
        "-t",
        "2026-02-03T04:05:06+02:00",
        "-r",
        "2026-02-03T04:00:00-01:00",
    ]);
    check(
        &program,
        "spot/instance-action",
        r#"{"action": "stop", "time": "2026-02-03T02:05:06Z"}"#,
    );
    check(
        &program,
        "events/recommendations/rebalance",
        r#"{"noticeTime": "2026-02-03T05:00:00Z"}"#,
    );
    check(&program, "events/maintenance/scheduled", "[]");
    check_absent(&program, "autoscaling/target-lifecycle-state");
}

#[test]
fn delayed_events_are_not_visible_yet() {
    let program = Program::start(&["-d", "3600", "spot", "--rebalance-delay-sec=3600"]);
    check_absent(&program, "spot/instance-action");
    check_absent(&program, "events/recommendations/rebalance");
    let later = r#"{"shift": "+61m"}"#;
    program.send(format!(
        "PUT /_imdsim/clock HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n{later}",
        later.len()
    ));
    let notice = program.get("/latest/meta-data/spot/instance-action");
    assert!(body(&notice).starts_with(r#"{"action": "terminate""#));
}

#[test]
fn every_alias_of_events_schedules_maintenance() {
    for name in ["events", "se", "scheduledevents"] {
        let program = Program::start(&[
            name,
            "-o",
            "instance-stop",
            "--state",
            "active",
            "-b",
            "2026-03-01T10:00:00-05:00",
            "-a",
            "2026-03-02T00:00:00Z",
            "-l",
            "2026-03-03T00:00:00Z",
        ]);
        let events = program.get("/latest/meta-data/events/maintenance/scheduled");
        let events: Value = body(&events).parse().unwrap();
        assert_eq!(events[0]["Code"], "instance-stop");
        assert_eq!(events[0]["State"], "active");
        assert_eq!(events[0]["NotBefore"], "1 Mar 2026 15:00:00 GMT");
        assert_eq!(events[0]["NotAfter"], "2 Mar 2026 00:00:00 GMT");
        assert_eq!(events[0]["NotBeforeDeadline"], "3 Mar 2026 00:00:00 GMT");
        check_absent(&program, "spot/instance-action");
    }
}

#[test]
fn events_takes_the_state_file_before_the_command_or_as_state_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    let path = "/latest/meta-data/events/maintenance/history";
    for arguments in [
        ["--state", text(&file), "events", "--state", "canceled"],
        ["events", "--state-file", text(&file), "-t", "canceled"],
    ] {
        let program = Program::start(&arguments);
        assert!(body(&program.get(path)).contains("[Canceled] "));
        assert!(file.is_file());
    }
}

#[test]
fn every_alias_of_asglifecycle_terminates_the_instance() {
    for name in ["asglifecycle", "asg", "autoscaling"] {
        let program = Program::start(&[name]);
        check(&program, "autoscaling/target-lifecycle-state", "Terminated");
    }
    let program = Program::start(&["asg", "--asg-termination-delay-sec", "3600"]);
    check(&program, "autoscaling/target-lifecycle-state", "InService");
}

#[test]
fn all_events_happen_without_a_command_and_none_with_serve() {
    let program = Program::start(&["-d", "0"]);
    for path in [
        "spot/instance-action",
        "events/recommendations/rebalance",
        "autoscaling/target-lifecycle-state",
    ] {
        let response = program.get(&format!("/latest/meta-data/{path}"));
        assert!(response.starts_with("HTTP/1.1 200 "), "{path}: {response}");
    }
    let mut serve = command(&["serve", "--addr", "127.0.0.1:0"]);
    serve.env("AEMM_MOCK_DELAY_SEC", "0");
    for program in [
        Program::start_command(&mut serve),
        Program::start(&["-I=false"]),
    ] {
        check_absent(&program, "spot/instance-action");
        check_absent(&program, "autoscaling/target-lifecycle-state");
    }
}

#[test]
fn commands_extend_the_timeline() {
    let folder = tempfile::tempdir().unwrap();
    let change = r#"{"type": "change", "instance": {"InstanceType": "t3.nano"}}"#;
    let timeline = write(
        folder.path(),
        "t.json",
        &format!("{{\"events\": [{change}]}}"),
    );
    let program = Program::start(&["asg", "--timeline", &timeline]);
    check(&program, "instance-type", "t3.nano");
    check(&program, "autoscaling/target-lifecycle-state", "Terminated");
}

#[test]
fn flags_override_variables_and_these_the_file_in_the_home_folder() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "aemm-config.json",
        r#"{"spot": {"action": "hibernate", "time": "2026-01-01T00:00:00Z"},
            "metadata": {"values": {"ami-id": "ami-0a"}}}"#,
    );
    let notice = |variable: Option<&str>, arguments: &[&str]| {
        let mut prepared = command(arguments);
        prepared.env("HOME", folder.path());
        if let Some(action) = variable {
            prepared.env("AEMM_SPOT_ACTION", action);
        }
        let program = Program::start_command(prepared.args(["--addr", "127.0.0.1:0"]));
        program.wait_for("aemm-config.json: the configuration is read from this file; ");
        check(&program, "ami-id", "ami-0a");
        body(&program.get("/latest/meta-data/spot/instance-action")).to_owned()
    };
    let expected =
        |action: &str| format!(r#"{{"action": "{action}", "time": "2026-01-01T00:00:00Z"}}"#);
    assert_eq!(notice(None, &["spot"]), expected("hibernate"));
    assert_eq!(notice(Some("stop"), &["spot"]), expected("stop"));
    assert_eq!(
        notice(Some("stop"), &["spot", "-a", "terminate"]),
        expected("terminate")
    );
}

#[test]
fn a_complete_mock_configuration_is_served() {
    let file = text(&crate::transcript::folder().join("data/mock/aemm-config.json")).to_owned();
    let (tree, said) = tree(command(&["-c", &file]).env("HOME", "/nonexistent"));
    let values: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let values = &values["metadata"]["values"];
    let data = &tree["meta-data"];
    let interface = &data["network"]["interfaces"]["macs"][values["mac"].as_str().unwrap()];
    for (shown, name) in [
        (&data["instance-id"], "instance-id"),
        (&data["hostname"], "hostname"),
        (&data["public-hostname"], "public-hostname"),
        (
            &data["block-device-mapping"]["swap"],
            "block-device-mapping-swap",
        ),
        (&data["placement"]["group-name"], "placement-group-name"),
        (
            &interface["vpc-ipv6-cidr-blocks"],
            "mac-vpc-ipv6-cidr-blocks",
        ),
        (&interface["owner-id"], "mac-owner-id"),
        (&interface["ipv6s"], "mac-ipv6-associations"),
        (&data["tags"]["instance"]["Test"], "tags-instance-test"),
    ] {
        assert_eq!(shown, &values[name], "{name}: {said}");
    }
    assert_eq!(tree["user-data"], "1234,ada,reboot\n");
    let document: Value = tree["dynamic"]["instance-identity"]["document"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(document["instanceId"], values["instance-id"]);
    let role = &data["iam"]["security-credentials"]
        [values["iam-security-credentials-role"].as_str().unwrap()];
    assert!(role.as_str().unwrap().contains("\"AKIAEXAMPLE\""), "{role}");
    let mut lines: Vec<_> = said
        .lines()
        .map(|line| line.replace(&file, "FILE"))
        .collect();
    lines.sort();
    assert_eq!(
        lines,
        [
            "imdsim: FILE: dynamic.values.instance-identity-document.availabilityZone: \
             metadata.values say \"eu-west-1b\", which counts; ignored",
            "imdsim: FILE: metadata.values.iam-info.LastUpdated: imdsim works this out itself; \
             ignored",
            "imdsim: FILE: metadata.values.mac-address: unknown setting; ignored",
        ]
    );
}

#[test]
fn imdsv2_requires_tokens() {
    for arguments in [&["-I"][..], &["spot", "--imdsv2=true"]] {
        let program = Program::start(arguments);
        let response = program.get("/latest/meta-data/");
        assert!(response.starts_with("HTTP/1.1 401 "), "{response}");
    }
}

#[test]
fn hostname_and_port_set_the_address() {
    let program = Program::start_command(&mut command(&["spot", "--hostname", "127.0.0.2", "-p0"]));
    assert!(program.address().starts_with("127.0.0.2:"));
}

#[test]
fn the_configuration_is_saved_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let mut prepared = command(&["spot", "-s", "-a", "stop", "-p", "0"]);
    drop(Program::start_command(prepared.env("HOME", home)));
    let saved = home.join(".ec2-metadata-mock/.aemm-config-used.json");
    let document: Value = fs::read_to_string(&saved).unwrap().parse().unwrap();
    assert_eq!(document["spot"]["action"], "stop");
    assert_eq!(document["server"]["hostname"], "127.0.0.1");
    let program = Program::start(&["-c", text(&saved)]);
    let notice = program.get("/latest/meta-data/spot/instance-action");
    assert!(body(&notice).starts_with(r#"{"action": "stop""#));
}

#[test]
fn invalid_values_are_rejected_in_one_sentence() {
    for (arguments, expected) in [
        (
            &["spot", "--action", "nap"][..],
            "--action: \"nap\" is none of terminate, stop, hibernate; write one of them",
        ),
        (
            &["events", "-b", "noon"],
            "--not-before: \"noon\" is not a time; write RFC 3339, as in 2026-01-01T00:00:00Z",
        ),
        (
            &["spot", "-d", "soon"],
            "--mock-delay-sec: \"soon\" is not a whole number; write one, as in 10",
        ),
        (
            &["-p", "80", "--addr", "127.0.0.1:0"],
            "--port: cannot be combined with --addr; use one of them",
        ),
        (
            &["-I", "--http-tokens", "optional", "--addr", "127.0.0.1:0"],
            "--imdsv2: --http-tokens says optional; use one of them",
        ),
        (
            &["spot", "--in", "5s", "--at", "2026-01-01T00:00:00Z"],
            "--at: cannot be combined with --in; use one of them",
        ),
        (
            &["events", "--action", "stop"],
            "--action: `events` does not take this flag; see `imdsim events --help`",
        ),
        (
            &["--url", "http://127.0.0.1:1", "spot", "--addr", "x"],
            "--addr: no effect with --url, which starts no server; remove one of them",
        ),
        (
            &["--url", "http://127.0.0.1:1"],
            "--url: this flag needs a command; see `imdsim --help`",
        ),
        (
            &["--url", "http://127.0.0.1:1", "tree"],
            "--url: `tree` does not take this flag; see `imdsim tree --help`",
        ),
        (
            &["spot", "--in", "-30s"],
            "--in: \"-30s\" is not ahead; write a time from now, as in 30s or 2m",
        ),
        (
            &["spot", "--in", "4s", "-d", "2"],
            "--in: cannot be combined with --mock-delay-sec; see `imdsim spot --help`",
        ),
        (
            &["serve", "-d", "0"],
            "-d: `serve` does not take this flag; see `imdsim serve --help`",
        ),
    ] {
        assert_eq!(refusal(arguments), expected);
    }
    let said = refusal_of(command(&["spot"]).env("AEMM_MOCK_DELAY_SEC", "x"));
    assert!(said.starts_with("AEMM_MOCK_DELAY_SEC: "), "{said}");
}

#[test]
fn command_flags_may_precede_the_command() {
    let program = Program::start(&["-a", "stop", "spot"]);
    let notice = program.get("/latest/meta-data/spot/instance-action");
    assert!(body(&notice).starts_with(r#"{"action": "stop""#));
}

#[test]
fn flags_without_effect_cause_warnings() {
    let (_, said) = tree(command(&[]).env("AEMM_SPOT_ITN_ACTION", "stop"));
    assert_eq!(
        said,
        "imdsim: AEMM_SPOT_ITN_ACTION: unknown setting; ignored\n"
    );
    let refused = command(&["asg", "-d", "1", "--addr", "x"])
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.starts_with(
            "imdsim: --mock-delay-sec: this command shows nothing that waits for it; ignored\n"
        ),
        "{said}"
    );
}

#[test]
fn clients_are_counted_by_their_real_address() {
    let program = Program::start(&["spot", "-d", "0", "--mock-ip-count", "1"]);
    for said in ["10.0.0.1", "10.0.0.2"] {
        let request = "GET /latest/meta-data/spot/instance-action HTTP/1.1\r\nHost: test\r\n";
        let response = program.send(format!("{request}X-Imdsim-Peer: {said}\r\n\r\n"));
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    }
    let nobody = Program::start(&["spot", "-d", "0", "--mock-ip-count", "0"]);
    check_absent(&nobody, "spot/instance-action");
}

#[test]
fn help_and_completion_cover_the_mock_flags() {
    for (arguments, expected) in [
        (&["help"][..], "Usage: imdsim "),
        (&["help", "spot"], "Usage: imdsim spot "),
        (&["completion", "bash"], "complete -F _imdsim "),
        (&["completion", "zsh"], "#compdef imdsim"),
        (&["completion", "fish"], "complete -c imdsim "),
    ] {
        let output = command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(printed.contains(expected), "{arguments:?}: {printed}");
    }
}

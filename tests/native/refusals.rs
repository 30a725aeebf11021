//! Invalid flags, values and files; a port in use; help.

use std::fs;

use crate::program::{Program, command, refusal, refusal_of, text};

#[track_caller]
fn check(arguments: &[&str], expected: &str) {
    assert_eq!(refusal(arguments), expected);
}

/// Matches sentences with a part from the system or the core.
#[track_caller]
fn check_parts(said: &str, start: &str, end: &str) {
    assert!(said.starts_with(start), "{said}");
    assert!(said.ends_with(end), "{said}");
}

#[test]
fn an_invalid_command_line_is_rejected_in_one_sentence() {
    check(
        &["--addres", "x"],
        "--addres: unknown flag; did you mean `--addr`? See `imdsim --help`",
    );
    check(&["--zzz"], "--zzz: unknown flag; see `imdsim --help`");
    check(
        &["resett"],
        "resett: unknown command; did you mean `reset`? See `imdsim --help`",
    );
    check(
        &["reset", "now"],
        "now: unexpected argument of `imdsim reset`; see `imdsim reset --help`",
    );
    check(&["brew"], "brew: unknown command; see `imdsim --help`");
    check(
        &["--log"],
        "--log: the value is missing; see `imdsim --help`",
    );
    check(
        &["--log", "xml"],
        "--log: \"xml\" is not one of text, json; see `imdsim --help`",
    );
    check(
        &["--quiet", "--quiet"],
        "--quiet: given more than once; see `imdsim --help`",
    );
    check(
        &["--quiet=yes"],
        "--quiet: this flag takes no value; see `imdsim --help`",
    );
}

#[test]
fn missing_arguments_are_named_in_order() {
    check(
        &["diff"],
        "imdsim diff: A and B are missing; see `imdsim diff --help`",
    );
    check(
        &["shift"],
        "imdsim shift: DURATION is missing; see `imdsim shift --help`",
    );
    check(
        &["fault"],
        "imdsim fault: NAME is missing; use the name of a fault that `imdsim fault list` shows",
    );
}

#[test]
fn flags_of_other_commands_are_rejected() {
    for (arguments, expected) in [
        (
            &["reset", "--instance", "nope.json"][..],
            "--instance: `reset` does not take this flag; see `imdsim reset --help`",
        ),
        (
            &["--instance", "nope.json", "reset"],
            "--instance: `reset` does not take this flag; see `imdsim reset --help`",
        ),
        (
            &["tree", "--http-tokens", "required"],
            "--http-tokens: `tree` does not take this flag; see `imdsim tree --help`",
        ),
        (
            &["events", "list", "--code", "instance-stop"],
            "--code: `events list` does not take this flag; see `imdsim events list --help`",
        ),
        (
            &[
                "spot",
                "--url",
                "http://127.0.0.1:1",
                "--http-tokens",
                "required",
            ],
            "--http-tokens: no effect with --url, which starts no server; remove one of them",
        ),
        (
            &["--quiet", "--url", "http://127.0.0.1:1", "asg"],
            "--quiet: no effect with --url, which starts no server; remove one of them",
        ),
        (
            &["run", "--state", "FILE", "--", "true"],
            "--state: `run` does not take this flag; see `imdsim run --help`",
        ),
    ] {
        check(arguments, expected);
    }
    let mut spot = command(&["spot", "--addr", "127.0.0.1:0"]);
    assert_eq!(
        refusal_of(spot.env("IMDSIM_URL", "http://127.0.0.1:1")),
        "--addr: no effect with IMDSIM_URL, which starts no server; remove one of them"
    );
}

#[test]
fn invalid_numbers_are_named() {
    for (flag, value, expected) in [
        (
            "--http-put-response-hop-limit",
            "abc",
            "\"abc\" is not a number; write one from 1 to 64",
        ),
        (
            "--http-put-response-hop-limit",
            "-1",
            "\"-1\" is not a number; write one from 1 to 64",
        ),
        (
            "--http-put-response-hop-limit",
            "65",
            "65 is out of range; write a number from 1 to 64",
        ),
        (
            "--port",
            "-1",
            "\"-1\" is not a port number; write a number up to 65535 (0 picks a free one)",
        ),
    ] {
        check(&[flag, value], &format!("{flag}: {expected}"));
    }
    let said = refusal(&["--http-tokens", "1"]);
    check_parts(&said, "--http-tokens: \"1\" is not ", "");
}

#[test]
fn a_file_name_is_rejected_as_a_document() {
    for (variable, flag) in [
        ("IMDSIM_INSTANCE", "--instance"),
        ("IMDSIM_CONFIG", "--config"),
        ("IMDSIM_IDENTITY_KEYS", "--identity-keys"),
    ] {
        assert_eq!(
            refusal_of(command(&[]).env(variable, "folder/file.json")),
            format!(
                "{variable}: \"folder/file.json\" looks like a file name, but this variable takes \
                 the content; give the file by {flag}, or set {variable}=\"$(cat FILE)\""
            )
        );
    }
    let said = refusal_of(command(&[]).env("IMDSIM_INSTANCE", "path"));
    check_parts(
        &said,
        "IMDSIM_INSTANCE: \"path\" looks like a file name, ",
        "",
    );
}

#[test]
fn standard_input_is_a_file_too() {
    let tree = |input: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("input");
        fs::write(&path, input).unwrap();
        command(&["tree", "--json", "--instance", "-"])
            .stdin(fs::File::open(path).unwrap())
            .output()
            .unwrap()
    };
    let output = tree(r#"{"InstanceId": "i-00000000000000007"}"#);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("\"i-00000000000000007\""), "{printed}");
    let said = String::from_utf8(tree("{").stderr).unwrap();
    check_parts(&said, "imdsim: standard input: ", "\n");
}

#[test]
fn an_invalid_address_is_rejected() {
    check(
        &["--addr", "4719"],
        "--addr: \"4719\" cannot be listened on: invalid socket address; \
         give HOST:PORT, for instance 127.0.0.1:4719",
    );
    // An address reserved for documentation.
    check(
        &["--addr", "192.0.2.1:0"],
        "--addr: 192.0.2.1:0 is not an address of this machine; \
         give one that is, for instance 127.0.0.1:4719",
    );
    let said = refusal(&["--addr", "name.invalid:80"]);
    check_parts(
        &said,
        "--addr: \"name.invalid:80\" cannot be listened on: ",
        "; give HOST:PORT, for instance 127.0.0.1:4719",
    );
}

#[test]
fn a_port_in_use_is_rejected() {
    let program = Program::start(&[]);
    let address = program.address();
    check(
        &["--addr", address],
        &format!(
            "--addr: {address} is in use; stop the program that listens there, \
             or give another port (0 picks a free one); \
             if that is imdsim, commands such as `spot` and `reset` reach it by --url"
        ),
    );
}

#[test]
fn a_missing_file_is_named() {
    for flag in ["--instance", "--config", "--user-data", "--identity-keys"] {
        check_parts(
            &refusal(&[flag, "no-such-file"]),
            "no-such-file: cannot read this file: ",
            "; specify a readable file",
        );
    }
}

#[test]
fn a_binary_file_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latin-1");
    fs::write(&path, b"\xe9").unwrap();
    let path = text(&path);
    check(
        &["--config", path],
        &format!("{path}: cannot read this file: it is not UTF-8 text; save it as UTF-8"),
    );
}

#[test]
fn invalid_keys_are_rejected_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.pem");
    fs::write(
        &path,
        "\n-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n",
    )
    .unwrap();
    let path = text(&path);
    check_parts(
        &refusal(&["--identity-keys", path]),
        &format!("{path}: line 2: \"EC PRIVATE KEY\" is not taken; give PRIVATE KEY, "),
        " and CERTIFICATE",
    );
}

#[test]
fn invalid_values_are_rejected_in_every_layer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    fs::write(&path, r#"{"http_tokens": "maybe"}"#).unwrap();
    let path = text(&path);
    let said = refusal(&["--http-tokens", "maybe"]);
    check_parts(&said, "--http-tokens: ", "");
    let said = refusal(&["--config", path]);
    check_parts(&said, &format!("{path}: http_tokens: "), "");
    let said = refusal_of(command(&[]).env("IMDSIM_HTTP_TOKENS", "maybe"));
    check_parts(&said, "IMDSIM_HTTP_TOKENS: ", "");
    let said = refusal_of(command(&[]).env("IMDSIM_CONFIG", "{"));
    check_parts(&said, "IMDSIM_CONFIG: ", "");
}

#[test]
fn flags_override_variables_and_variables_override_documents() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    fs::write(&path, r#"{"http_tokens": "worst"}"#).unwrap();
    let arguments = ["--config", text(&path)];
    // Each layer is invalid in its own way, so the error shows which one is
    // used.
    let said = refusal_of(command(&arguments).env("IMDSIM_CONFIG", "{"));
    assert!(said.contains("worst"), "{said}");
    let said = refusal_of(command(&arguments).env("IMDSIM_HTTP_TOKENS", "worse"));
    assert!(said.contains("worse\""), "{said}");
    let said = refusal_of(
        command(&arguments)
            .arg("--http-tokens=bad")
            .env("IMDSIM_HTTP_TOKENS", "worse"),
    );
    assert!(said.contains("bad"), "{said}");
}

#[test]
fn flags_may_precede_or_follow_the_command() {
    for arguments in [
        &["--http-tokens=maybe", "serve"][..],
        &["serve", "--http-tokens=maybe"],
    ] {
        check_parts(&refusal(arguments), "--http-tokens: ", "");
    }
    for arguments in [&["--addr", "x", "serve"][..], &["serve", "--addr", "x"]] {
        check_parts(&refusal(arguments), "--addr: \"x\" ", "");
    }
    drop(Program::start(&["--quiet", "serve"]));
}

#[test]
fn an_unknown_variable_is_named_and_ignored() {
    let said = command(&["--addr", "x"])
        .env("IMDSIM_HTTP_TOKEN", "required")
        .output()
        .unwrap()
        .stderr;
    let said = String::from_utf8(said).unwrap();
    let mut lines = said.lines();
    assert_eq!(
        lines.next(),
        Some(
            "imdsim: IMDSIM_HTTP_TOKEN: unknown setting, ignored; did you mean \
             `IMDSIM_HTTP_TOKENS`?"
        )
    );
    check_parts(lines.next().unwrap(), "imdsim: --addr: ", "");
}

#[test]
fn help_and_version_succeed() {
    for arguments in [
        &["--help"][..],
        &["-h"],
        &["serve", "--help"],
        &["--version"],
    ] {
        let output = command(arguments).output().unwrap();
        assert!(output.status.success());
        assert!(output.stderr.is_empty());
        assert!(String::from_utf8(output.stdout).unwrap().contains("imdsim"));
    }
}

#[test]
fn an_invalid_change_in_a_timeline_is_rejected_by_event_and_field() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("timeline.json");
    for (timeline, expected) in [
        (
            r#"[{"type": "change", "instance": {"Imdsim": "x"}}, {"type": "spot-interruption"}]"#,
            "event 1: Imdsim: this is a text, not an object; ",
        ),
        (
            r#"[{"type": "lifecycle-state"},
                {"type": "change", "in": "1h", "instance": {"PrivateIpAddress": "x"}}]"#,
            "event 2: PrivateIpAddress: \"x\" is not an IPv4 address; ",
        ),
    ] {
        fs::write(&path, timeline).unwrap();
        let said = refusal(&["--addr", "127.0.0.1:0", "--timeline", text(&path)]);
        assert!(
            said.contains(&format!("timeline.json: {expected}")),
            "{said}"
        );
    }
}

#[test]
fn the_help_of_a_command_lists_its_own_flags_only() {
    let help = |arguments: &[&str]| {
        let output = command(&[arguments, &["--help"]].concat())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let reset = help(&["reset"]);
    assert!(reset.contains("--url"), "{reset}");
    assert!(!reset.contains("--instance"), "{reset}");
    let tree = help(&["tree"]);
    assert!(
        tree.contains("--instance") && !tree.contains("--addr"),
        "{tree}"
    );
    assert!(tree.contains("[env: IMDSIM_INSTANCE]"), "{tree}");
    assert!(tree.contains("Example: imdsim tree "), "{tree}");
    let lifecycle = help(&["asglifecycle"]);
    assert!(!lifecycle.contains("--mock-delay-sec"), "{lifecycle}");
    assert!(help(&["events", "list"]).contains("--json"));
}

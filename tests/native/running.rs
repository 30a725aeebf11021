//! `imdsim run`. The commands are bash scripts with bash's own sockets: bash is
//! available wherever these tests run, and does not use AWS variables.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use crate::program::{command, refusal, refusal_of, text};

/// `ask HOST PORT TARGET HEADERS METHOD` prints the response body.
const ASK: &str = r#"
ask() {
    exec 3<>"/dev/tcp/$1/$2"
    printf '%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n%b\r\n' \
        "${5:-GET}" "$3" "${host-x}" "$4" >&3
    while IFS= read -r line <&3 && [ "$line" != $'\r' ]; do :; done
    cat <&3
}
place() { place=${1#http://}; place=${place%/}; echo "${place%:*}" "${place##*:}"; }
here() { ask $(place "$AWS_EC2_METADATA_SERVICE_ENDPOINT") "$@"; }
"#;

const LEAF: &str = "/latest/meta-data/instance-id";

/// `imdsim run` with flags and a script.
fn run(flags: &[&str], script: &str) -> Command {
    let mut command = command(&["run"]);
    let script = format!("{ASK}{script}");
    command.args(flags).args(["--", "bash", "-c", &script]);
    command
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Runs a script that must succeed without other output, and returns its
/// stdout.
#[track_caller]
fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (stdout, stderr) = said(&output);
    assert!(output.status.success(), "{stdout}{stderr}");
    assert_eq!(stderr, "");
    stdout
}

#[test]
fn the_command_finds_the_emulator() {
    let script = format!("here {LEAF}");
    let id = printed(&mut run(&["--frozen-entropy", "x"], &script));
    assert!(id.starts_with("i-"), "{id}");
}

#[test]
fn settings_follow_run_and_precede_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("instance.json");
    fs::write(&path, r#"{"InstanceId": "i-00000000000000007"}"#).unwrap();
    let flags = ["--instance", text(&path)];
    let script = format!("here {LEAF}");
    assert_eq!(printed(&mut run(&flags, &script)), "i-00000000000000007");
    let mut before = command(&flags);
    before.args(["run", "bash", "-c", &format!("{ASK}{script}")]);
    assert_eq!(printed(&mut before), "i-00000000000000007");
}

#[test]
fn hard_coded_addresses_reach_the_emulator_by_proxy() {
    let script = format!(r#"ask $(place "$http_proxy") http://169.254.169.254{LEAF}"#);
    let mut command = run(&[], &script);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(name);
    }
    let id = printed(&mut command);
    assert!(id.starts_with("i-"), "{id}");
}

#[test]
fn the_command_can_control_the_emulator() {
    let script = format!(
        r#"
        host=localhost
        ask $(place "$IMDSIM_URL") /_imdsim/overrides/meta-data/instance-id '' DELETE >/dev/null
        here {LEAF}"#
    );
    let gone = printed(&mut run(&[], &script));
    assert!(gone.contains("404 - Not Found"), "{gone}");
}

#[test]
fn the_exit_status_is_that_of_the_command() {
    for (script, expected) in [("exit 7", 7), ("exit 0", 0), ("kill -KILL $$", 128 + 9)] {
        let output = run(&[], script).output().unwrap();
        assert_eq!(output.status.code(), Some(expected), "{script}");
        assert!(output.stderr.is_empty());
    }
}

#[test]
fn signals_reach_the_command() {
    for (name, number) in [
        ("TERM", 15),
        ("HUP", 1),
        ("USR1", 10),
        ("ALRM", 14),
        ("VTALRM", 26),
        ("XCPU", 24),
    ] {
        // The command waits for input that never arrives.
        let mut child = run(&[], "echo ready; exec cat")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        // `wait` would close its stdin.
        let input = child.stdin.take();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        let id = child.id().to_string();
        let kill = Command::new("kill").args(["-s", name, &id]).status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(128 + number), "{name}");
        drop(input);
    }
}

#[test]
fn a_command_that_cannot_start_has_the_exit_status_of_shells() {
    for (name, status) in [("no-such-command", 127), ("/", 126)] {
        let output = command(&["run", "--", name]).output().unwrap();
        let (_, said) = said(&output);
        assert_eq!(output.status.code(), Some(status), "{said}");
        let start = format!("imdsim: {name}: the command cannot be run: ");
        assert!(said.starts_with(&start), "{said}");
        assert_eq!(said.lines().count(), 1);
    }
}

#[test]
fn invalid_flags_are_rejected_before_the_command_runs() {
    assert_eq!(
        refusal(&["run"]),
        "imdsim run: no command given; add one, for example `imdsim run -- aws configure list`"
    );
    assert_eq!(
        refusal_of(&mut run(&["--assert-requested", "latest"], "echo ran")),
        "--assert-requested: \"latest\" is not a path; \
         begin it with a slash, as in /latest/meta-data/**"
    );
    assert_eq!(
        refusal_of(&mut run(&["--report", "report.html"], "echo ran")),
        "--report: \"report.html\" ends in neither .json nor .xml; \
         name the report as in imds.json or imds.xml"
    );
    assert_eq!(
        refusal_of(&mut run(&["--asert-no-v1"], "echo ran")),
        "--asert-no-v1: unknown flag; did you mean `--assert-no-v1`? \
         See `imdsim run --help`"
    );
    let said = refusal_of(&mut run(&["--allow-no-requests"], "echo ran"));
    assert!(said.contains("--assert-no-v1"), "{said}");
    let said = refusal_of(&mut run(
        &["--report", "/no/such/folder/report.json"],
        "echo ran",
    ));
    let start = "/no/such/folder/report.json: the report cannot be written: ";
    assert!(said.starts_with(start), "{said}");
    let said = refusal_of(&mut run(&["--http-tokens", "maybe"], "echo ran"));
    assert!(said.starts_with("--http-tokens: "), "{said}");
}

#[test]
fn a_clean_environment_has_only_the_credentials_of_the_emulator() {
    let script = r#"echo "${AWS_ACCESS_KEY_ID-none} ${AWS_CONFIG_FILE-none} ${AWS_REGION-none}""#;
    let given = |flags| {
        let mut command = run(flags, script);
        command
            .env("AWS_ACCESS_KEY_ID", "AKIA")
            .env("AWS_CONFIG_FILE", "config")
            .env("AWS_REGION", "eu-west-1");
        printed(&mut command)
    };
    assert_eq!(given(&[]), "AKIA config eu-west-1\n");
    assert_eq!(given(&["--clean"]), "none /dev/null eu-west-1\n");
}

/// Returns the status and the messages of `--assert-…` flags.
fn judged(flags: &[&str], script: &str) -> (Option<i32>, String) {
    let output = run(flags, script).output().unwrap();
    let (_, stderr) = said(&output);
    (output.status.code(), stderr)
}

/// A request with a token.
const WITH_TOKEN: &str = r#"
    token=$(here /latest/api/token 'X-aws-ec2-metadata-token-ttl-seconds: 60\r\n' PUT)
    here /latest/meta-data/placement/region "X-aws-ec2-metadata-token: $token\r\nUser-Agent: new\r\n"
"#;

const WITHOUT_TOKEN: &str = r"here /latest/user-data 'User-Agent: Boto/2.49.0\r\n'";

#[test]
fn a_client_without_tokens_is_reported_with_its_path() {
    let (status, said) = judged(&["--assert-no-v1"], WITHOUT_TOKEN);
    assert_eq!(status, Some(1), "{said}");
    assert_eq!(
        said,
        "imdsim: --assert-no-v1: Boto/2.49.0 sent a request without a token, \
         for /latest/user-data; boto 2 does not support tokens; migrate to boto3\n\
         imdsim: 1 request from 1 client, 1 without a token\n"
    );
    let (status, said) = judged(&["--assert-no-v1"], WITH_TOKEN);
    assert_eq!(
        (status, said.as_str()),
        (
            Some(0),
            "imdsim: 2 requests from 2 clients, all with tokens\n"
        )
    );
    let both = format!("{WITH_TOKEN}{WITHOUT_TOKEN}; exit 5");
    let (status, said) = judged(&["--assert-no-v1"], &both);
    assert_eq!(status, Some(5), "the command's own failure comes first");
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn a_path_without_requests_is_reported() {
    let flags = [
        "--assert-requested",
        "/latest/meta-data/**",
        "--assert-requested",
        "/latest/*",
    ];
    let (status, said) = judged(&flags, WITH_TOKEN);
    assert_eq!(status, Some(1));
    assert_eq!(
        said,
        "imdsim: --assert-requested /latest/*: nobody asked for such a path\n\
         imdsim: 2 requests from 2 clients, all with tokens\n"
    );
    let (status, said) = judged(&flags, &format!("{WITH_TOKEN}{WITHOUT_TOKEN}"));
    assert_eq!((status, said.lines().count()), (Some(0), 1), "{said}");
}

#[test]
fn the_report_is_json_or_junit() {
    let folder = tempfile::tempdir().unwrap();
    let [json, xml] = ["report.json", "report.xml"].map(|name| folder.path().join(name));
    let script = format!("{WITH_TOKEN}{WITHOUT_TOKEN}");
    let (status, said) = judged(&["--report", text(&json)], &script);
    let summary = "imdsim: 3 requests from 3 clients, 1 without a token\n";
    assert_eq!((status, said.as_str()), (Some(0), summary));
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(report["exit_status"], 0);
    assert_eq!(report["ready_for_required_tokens"], false);
    assert_eq!(report["calls"].as_array().unwrap().len(), 3);
    assert_eq!(report["clients"].as_array().unwrap().len(), 3);
    assert_eq!(report["clients"][1]["client"], "new");
    assert_eq!(report["clients"][1]["verdict"], "ready");
    assert_eq!(report["clients"][2]["verdict"], "breaks");
    let (status, _) = judged(&["--report", text(&xml), "--assert-no-v1"], &script);
    assert_eq!(status, Some(1));
    let xml = fs::read_to_string(xml).unwrap();
    assert!(
        xml.contains(r#"tests="2""#) && xml.contains(r#"failures="1""#),
        "{xml}"
    );
    assert!(xml.contains("Boto/2.49.0: breaks"), "{xml}");
}

#[test]
fn assertions_work_with_an_admin_token() {
    let mut command = run(&["--assert-no-v1"], WITHOUT_TOKEN);
    let output = command.env("IMDSIM_ADMIN_TOKEN", "word").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn assertions_require_a_journal() {
    let mut command = run(&["--assert-no-v1"], "echo ran");
    assert_eq!(
        refusal_of(command.env("IMDSIM_JOURNAL", "off")),
        "journal: it is off, so nothing could be judged; \
         set IMDSIM_JOURNAL to the number of requests to keep"
    );
}

#[test]
fn assertions_fail_without_requests() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let flags = ["--assert-no-v1", "--report", text(&report)];
    let silence = "imdsim: no request came; a program that follows neither \
        AWS_EC2_METADATA_SERVICE_ENDPOINT nor http_proxy passes the emulator by, which \
        --namespace prevents\n";
    let (status, said) = judged(&flags, "true");
    assert_eq!(status, Some(1));
    assert_eq!(
        said,
        format!(
            "imdsim: --assert-no-v1: no request came, which proves nothing; \
             if that is right, allow it by --allow-no-requests\n{silence}"
        )
    );
    let report: serde_json::Value = fs::read_to_string(&report).unwrap().parse().unwrap();
    assert!(report["ready_for_required_tokens"].is_null(), "{report}");
    let (status, said) = judged(&["--assert-no-v1", "--allow-no-requests"], "true");
    assert_eq!((status, said.as_str()), (Some(0), silence));
}

/// The command may change the journal.
#[test]
fn assertions_do_not_depend_on_the_journal() {
    let flags = ["--assert-no-v1", "--assert-requested", "/latest/user-data"];
    let used = "Boto/2.49.0 sent a request without a token, for /latest/user-data";
    for call in ["reset", "requests"] {
        let method = if call == "reset" { "POST" } else { "DELETE" };
        let script =
            format!("{WITHOUT_TOKEN}; host=localhost; here /_imdsim/{call} '' {method} >/dev/null");
        let (status, said) = judged(&flags, &script);
        assert_eq!(status, Some(1), "{said}");
        assert!(said.contains(used) && !said.contains("nobody"), "{said}");
    }
    let script = format!("{WITHOUT_TOKEN}{WITH_TOKEN}{WITH_TOKEN}");
    let mut command = run(&flags, &script);
    let output = command.env("IMDSIM_JOURNAL", "1").output().unwrap();
    let (_, said) = said(&output);
    assert!(said.contains(used) && !said.contains("nobody"), "{said}");
    assert!(said.contains("5 requests"), "{said}");
}

#[test]
fn a_command_that_cannot_start_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.xml");
    let flags = ["run", "--assert-no-v1", "--report", text(&report)];
    let refused = [&flags[..], &["--http-tokens", "maybe", "--", "true"]].concat();
    refusal(&refused);
    assert!(!report.exists());
    let output = command(&[&flags[..], &["--", "no-such-command"]].concat())
        .output()
        .unwrap();
    let (_, stderr) = said(&output);
    assert_eq!(output.status.code(), Some(127));
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    let xml = fs::read_to_string(&report).unwrap();
    assert!(xml.contains("the command ended with status 127"), "{xml}");
    refusal(&refused);
    assert_eq!(fs::read_to_string(&report).unwrap(), xml);
}

/// The stalled request, due in an hour, is still open when the command exits.
#[test]
fn a_stalled_request_does_not_delay_the_exit() {
    let script = r#"
        host=localhost
        here /_imdsim/faults/hop-limit-exceeded '' PUT >/dev/null
        exec 4<>"/dev/tcp/$(place "$IMDSIM_URL" | tr ' ' /)"
        printf 'PUT /latest/api/token HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n%b' \
            'X-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n' >&4
        until here /_imdsim/requests/count | grep -q 1; do :; done
        # Whoever has the connection outlives the command.
        cat <&4 >/dev/null 2>&1 &
        exit 3"#;
    let output = run(&["--log", "text"], script).output().unwrap();
    let (_, said) = said(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    let line = "PUT  /latest/api/token --- 0 B ";
    assert!(
        said.contains(line) && said.contains(" fault hop-limit-exceeded"),
        "{said}"
    );
}

/// As in a container with `imdsim run` as the entry point.
#[test]
#[cfg(target_os = "linux")]
fn process_1_reaps_orphans() {
    let script = r#"
        # The parent ends at once, so that its child is an orphan, which ends too.
        orphan=$(bash -c 'true & echo $!')
        while [ -e "/proc/$orphan" ]; do :; done
        echo buried"#;
    let namespace = ["-r", "-p", "-f", "--mount-proc", "--kill-child"];
    let try_it = Command::new("unshare").args(namespace).arg("true").output();
    if !try_it.is_ok_and(|output| output.status.success()) {
        println!("skipped: there can be no namespace here");
        return;
    }
    let inner = run(&[], script);
    let mut outer = Command::new("timeout");
    outer.args(["60", "unshare"]).args(namespace);
    outer.arg(inner.get_program()).args(inner.get_args());
    let output = outer.stdin(Stdio::null()).output().unwrap();
    let (stdout, stderr) = said(&output);
    assert_eq!(
        stdout,
        "buried
",
        "{stderr}"
    );
}

/// In a namespace a command needs only the address. Where namespaces are
/// unavailable, an error says so.
#[test]
#[cfg(target_os = "linux")]
fn in_a_namespace_only_the_emulator_is_reachable() {
    let script = format!(
        r#"
        ask 169.254.169.254 80 {LEAF}; echo
        ask $(place "$IMDSIM_URL") /_imdsim/health | tr -d '\n'; echo
        echo "${{AWS_EC2_METADATA_SERVICE_ENDPOINT-none}} ${{http_proxy-none}}"
        id -u
        # Of this network, the loopback interface is all.
        tail -n +3 /proc/net/dev | tr -d ' ' | cut -d: -f1
        exit 3"#
    );
    let Some((status, lines)) = in_a_namespace(&script) else {
        return;
    };
    assert_eq!(status, Some(3), "{lines:?}");
    assert!(lines[0].starts_with("i-"), "{lines:?}");
    assert!(lines[1].contains(r#""status":"ok""#), "{lines:?}");
    let user = Command::new("id").arg("-u").output().unwrap();
    let user = String::from_utf8(user.stdout).unwrap();
    assert_eq!(lines[2..], ["none none", user.trim_end(), "lo"]);
}

/// Returns stdout and the status of a script in a namespace.
#[cfg(target_os = "linux")]
fn in_a_namespace(script: &str) -> Option<(Option<i32>, Vec<String>)> {
    let mut command = run(&["--namespace"], script);
    command.env("http_proxy", "http://127.0.0.1:1");
    let output = command.output().unwrap();
    let (stdout, stderr) = said(&output);
    let namespaces = Command::new("unshare").args(["-rn", "true"]).output();
    if !namespaces.is_ok_and(|output| output.status.success()) {
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("no network can be made here"), "{stderr}");
        return None;
    }
    assert_eq!(stderr, "", "{stdout}");
    Some((
        output.status.code(),
        stdout.lines().map(str::to_owned).collect(),
    ))
}

#[test]
#[cfg(target_os = "linux")]
fn in_a_namespace_only_loopback_has_the_control_api() {
    let reset = "/_imdsim/reset '' POST";
    let script = format!(
        r#"
        host=localhost
        ask 169.254.169.254 80 {reset}; echo
        ask $(place "$IMDSIM_URL") {reset}; echo"#
    );
    let Some((_, lines)) = in_a_namespace(&script) else {
        return;
    };
    assert!(lines[0].contains(r#""status":403"#), "{lines:?}");
    assert!(lines[0].contains("--addr 127.0.0.1:4719"), "{lines:?}");
    assert!(lines[1].contains(r#""status":"ok""#), "{lines:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn in_a_namespace_ipv6_answers_only_while_it_is_enabled() {
    let script = format!(
        r#"
        [ -e /proc/net/if_inet6 ] || {{ echo none; exit; }}
        try() {{
            (exec 3<>/dev/tcp/fd00:ec2::254/80) 2>&- && ask fd00:ec2::254 80 {LEAF} || printf no
            echo
        }}
        set_to() {{
            exec 3<>"/dev/tcp/127.0.0.1/4719"
            body='{{"HttpProtocolIpv6": "'$1'"}}'
            printf 'PATCH /_imdsim/metadata-options HTTP/1.1
Host: localhost
Content-Length: %s

%s'                 "${{#body}}" "$body" >&3
            head -1 <&3
        }}
        try
        set_to enabled
        try; try
        set_to disabled
        try
        host=localhost ask 127.0.0.1 4719 /_imdsim/reset '' POST; echo
        set_to enabled
        try"#
    );
    let Some((_, lines)) = in_a_namespace(&script) else {
        return;
    };
    if lines == ["none"] {
        println!("skipped: there is no IPv6 here");
        return;
    }
    let is_answer = |line: usize| assert!(lines[line].starts_with("i-"), "{lines:?}");
    let is_no_connection = |line: usize| assert_eq!(lines[line], "no", "{lines:?}");
    is_no_connection(0);
    is_answer(2);
    is_answer(3);
    is_no_connection(5);
    is_answer(8);
}

#[test]
#[cfg(target_os = "linux")]
fn in_a_namespace_an_instance_with_ipv6_enabled_answers_from_the_start() {
    let mut command = run(
        &["--namespace"],
        &format!("[ ! -e /proc/net/if_inet6 ] || ask fd00:ec2::254 80 {LEAF}"),
    );
    let output = command.env("IMDSIM_HTTP_PROTOCOL_IPV6", "enabled").output();
    let (stdout, stderr) = said(&output.unwrap());
    let is_answer = stdout.is_empty() || stdout.starts_with("i-");
    assert!(is_answer, "{stdout}{stderr}");
}

//! Access to the control API and to real credentials.

use crate::program::{Program, body, command};

const LEAF: &str = "/latest/meta-data/instance-id";

/// Runs the program given as arguments in a network namespace that is linked to
/// a second one. Prints the response status of each request on stdin, sent from
/// the given namespace to the given address.
#[cfg(target_os = "linux")]
const TWO_NETWORKS: &str = r#"
set -e
ip link set lo up
unshare --net sleep 600 >&- & other=$!
trap 'kill $other $server' EXIT
until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done
ip link add near type veth peer name far netns $other
ip addr add 198.18.0.1/24 dev near
ip link set near up
nsenter --target $other --net sh -ec '
    ip link set lo up; ip addr add 198.18.0.2/24 dev far; ip link set far up'
exec 4< <(exec "$@" 2>&1); server=$!
while read -r word _ <&4 && [ "$word" != Serving ]; do :; done
ask='
while read -r network address method target host token; do
    exec 3<>"/dev/tcp/$address/4719"
    printf "%s %s HTTP/1.1\r\nHost: %s\r\n%bContent-Length: 0\r\n\r\n" \
        "$method" "$target" "$host" "${token:+Authorization: Bearer $token\r\n}" >&3
    read -r _ status _ <&3
    echo "$status"
done'
requests=$(cat)
bash -c "$ask" < <(grep ^here <<<"$requests")
nsenter --target $other --net bash -c "$ask" < <(grep ^elsewhere <<<"$requests")
"#;

/// The response statuses, those of requests from `here` first. Empty if
/// namespaces are unavailable.
#[cfg(target_os = "linux")]
fn statuses(flags: &[&str], requests: &[String]) -> Option<Vec<u16>> {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    let ways = [&["--net"][..], &["--net", "--map-root-user"]];
    let works = |way: &&&[&str]| {
        let mut probe = Command::new("unshare");
        probe.args(**way);
        probe.args([
            "sh",
            "-c",
            "ip link add near type veth peer name far && exec nsenter --version",
        ]);
        probe.output().is_ok_and(|output| output.status.success())
    };
    let Some(way) = ways.iter().find(works) else {
        let required = std::env::var_os("IMDSIM_REQUIRE_CLIENTS").is_some();
        assert!(!required, "no two networks can be made here");
        println!("skipped: no two networks can be made here");
        return None;
    };
    let mut run = Command::new("unshare");
    run.args(*way).args(["bash", "-c", TWO_NETWORKS, "bash"]);
    run.arg(env!("CARGO_BIN_EXE_imdsim"));
    run.args(["--quiet", "--addr", "0.0.0.0:4719"]).args(flags);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("IMDSIM_") {
            run.env_remove(name);
        }
    }
    let mut child = run
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(requests.join("\n").as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let statuses: Vec<_> = said.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(statuses.len(), requests.len(), "{said}");
    Some(statuses)
}

/// All control calls except `health`, as method and path.
#[cfg(target_os = "linux")]
fn calls() -> Vec<(String, String)> {
    let mut calls = Vec::new();
    for (path, methods) in imdsim::control_calls() {
        let path = path.replace(['{', '}'], "");
        for method in methods.split(", ").filter(|_| !path.ends_with("/health")) {
            calls.push((method.to_owned(), path.clone()));
        }
    }
    assert!(calls.len() > 20, "{calls:?}");
    calls
}

/// `Host` values that claim to be this machine.
#[cfg(target_os = "linux")]
const HOSTS: [&str; 5] = [
    "127.0.0.1",
    "127.0.0.1:4719",
    "localhost",
    "[::1]:4719",
    "198.18.0.1:4719",
];

#[test]
#[cfg(target_os = "linux")]
fn control_calls_from_another_network_are_rejected_with_any_host() {
    let mut requests = Vec::new();
    for (method, path) in calls() {
        for host in HOSTS {
            requests.push(format!("elsewhere 198.18.0.1 {method} {path} {host}"));
        }
        for server in ["198.18.0.1:4719", "169.254.169.254", "localhost:4719"] {
            requests.push(format!(
                "elsewhere 198.18.0.1 {method} http://{server}{path} localhost"
            ));
        }
    }
    // Other spellings of the same path.
    for path in ["/_parlel/reset", "//_imdsim//reset/", "/%5fimdsim/reset"] {
        requests.push(format!("elsewhere 198.18.0.1 POST {path} localhost"));
    }
    let Some(statuses) = statuses(&[], &requests) else {
        return;
    };
    for (request, status) in requests.iter().zip(statuses) {
        assert_eq!(status, 403, "{request}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn loopback_and_the_admin_token_grant_access_to_the_control_api() {
    let requests = [
        "here 127.0.0.1 GET /_imdsim/instance localhost",
        "here 127.0.0.1 GET /_imdsim/instance example.com",
        "here 198.18.0.1 GET /_imdsim/instance localhost",
        "elsewhere 198.18.0.1 GET /_imdsim/health anything",
        "elsewhere 198.18.0.1 GET /latest/meta-data/ anything",
    ];
    let Some(found) = statuses(&[], &requests.map(str::to_owned)) else {
        return;
    };
    assert_eq!(found, [200, 403, 403, 200, 200]);
    let calls = calls();
    let requests: Vec<_> = calls
        .iter()
        .map(|(method, path)| format!("elsewhere 198.18.0.1 {method} {path} imds secret"))
        .chain(["elsewhere 198.18.0.1 POST /_imdsim/reset localhost".to_owned()])
        .collect();
    let mut found = statuses(&["--admin-token", "secret"], &requests).unwrap();
    assert_eq!(found.pop(), Some(401));
    for (request, status) in requests.iter().zip(found) {
        assert!(!matches!(status, 401 | 403 | 500..), "{request}: {status}");
    }
}

#[test]
#[cfg(unix)]
fn off_loopback_the_program_explains_access_to_the_control_api() {
    let said = |flags: &[&str]| {
        let mut command = command(&["--addr", "0.0.0.0:0"]);
        Program::start_command(command.args(flags)).stop()
    };
    for flags in [&[][..], &["--quiet"]] {
        let said = said(flags);
        let line = said.lines().next().unwrap();
        let sentence = "/: the control API is available over loopback only, because no admin \
                        token is set; set --admin-token (IMDSIM_ADMIN_TOKEN), or add --addr \
                        127.0.0.1:4719";
        assert!(line.ends_with(sentence), "{said}");
        assert_eq!(said.lines().count(), 2, "{said}");
    }
    assert_eq!(said(&["--admin-token", "s"]).lines().count(), 1);
}

#[test]
#[cfg(target_os = "linux")]
fn several_addresses_are_served_and_printed() {
    let mut command = command(&["--quiet", "--addr", "127.0.0.1:0", "--addr", "127.0.0.2:0"]);
    let program = Program::start_command(&mut command);
    let first = program.get(LEAF);
    program.wait_for("Serving HTTP on http://127.0.0.2:");
    let said = program.stop();
    assert!(
        said.starts_with("Serving HTTP on http://127.0.0.1:"),
        "{said}"
    );
    assert!(body(&first).starts_with("i-"), "{first}");
}

#[test]
fn duplicate_hosts_are_a_bad_request() {
    let program = Program::start(&[]);
    for target in [
        LEAF,
        "/_imdsim/health",
        "/_imdsim/instance",
        "http://169.254.169.254/latest/meta-data/",
    ] {
        for hosts in [["localhost", "localhost"], ["localhost", "example.com"]] {
            let [one, other] = hosts;
            let response = program.send(format!(
                "GET {target} HTTP/1.1\r\nHost: {one}\r\nHost: {other}\r\n\r\n"
            ));
            let start = "HTTP/1.1 400 Bad Request\r\n";
            assert!(response.starts_with(start), "{target}: {response}");
        }
    }
}

/// Credentials that could be real.
const KEYS: &str = r#"{"AccessKeyId": "ASIAXXXXXXXXXXXXXXXX", "SecretAccessKey": "s",
    "SessionToken": "t", "Expiration": "2099-01-01T00:00:00Z"}"#;

fn status(program: &Program, method: &str, target: &str, host: &str) -> (u16, String) {
    let response = program.send(format!(
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\
         X-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n"
    ));
    let status = response.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body(&response).to_owned())
}

#[test]
fn real_credentials_are_not_served_to_public_host_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    std::fs::write(&path, KEYS).unwrap();
    let keys = ["--credentials", path.to_str().unwrap()];
    let program = Program::start(&[keys[0], keys[1], "--allow-host", "imds"]);
    for host in ["localhost", "169.254.169.254", "instance-data", "imds:80"] {
        assert_eq!(status(&program, "GET", LEAF, host).0, 200, "{host}");
        let token = status(&program, "PUT", "/latest/api/token", host);
        assert_eq!(token.0, 200, "{host}");
    }
    let service = format!("http://169.254.169.254{LEAF}");
    assert_eq!(status(&program, "GET", &service, "evil.example").0, 200);
    for (method, target) in [("GET", LEAF), ("PUT", "/latest/api/token")] {
        let (status, said) = status(&program, method, target, "evil.example");
        assert_eq!(status, 403, "{method}: {said}");
        assert!(
            said.contains("--allow-host NAME or IMDSIM_ALLOW_HOSTS"),
            "{said}"
        );
    }
    assert_eq!(
        status(&program, "GET", "/_imdsim/health", "evil.example").0,
        200
    );
    // Browsers do not send HTTP/1.0 requests without `Host`.
    let nameless = program.send(format!("GET {LEAF} HTTP/1.0\r\n\r\n"));
    assert!(nameless.starts_with("HTTP/1.0 200 "), "{nameless}");
}

#[test]
fn generated_credentials_are_served_to_every_name() {
    let program = Program::start(&[]);
    assert_eq!(status(&program, "GET", LEAF, "evil.example").0, 200);
    let change = format!(r#"{{"Imdsim": {{"Credentials": {KEYS}}}}}"#);
    let response = program.send(format!(
        "PATCH /_imdsim/instance HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{change}",
        change.len()
    ));
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    assert_eq!(status(&program, "GET", LEAF, "evil.example").0, 403);
}

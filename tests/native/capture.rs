//! `imdsim capture` and `imdsim diff`. These tests send requests only to
//! services that they start on loopback.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, iter};

use serde_json::{Value, json};

use crate::program::{Program, command, refusal_of, text};
use crate::transcript;

/// Settings that make answers reproducible to the byte.
const FROZEN: [&str; 4] = [
    "--quiet",
    "--keep-alive",
    "--frozen-time=2026-11-01T00:00:00Z",
    "--frozen-entropy=capture",
];

/// All metadata of a program, by path.
type Crawl = BTreeMap<String, Vec<u8>>;

/// Sends requests on one connection, with one token.
struct Client {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Client {
    fn new(program: &Program) -> Self {
        let stream = BufReader::new(program.connect());
        let token = String::new();
        let mut client = Self { stream, token };
        let ttl = "X-aws-ec2-metadata-token-ttl-seconds: 300\r\nContent-Length: 0\r\n";
        let (status, token) = client.ask("PUT /latest/api/token", ttl);
        assert_eq!(status, "200");
        client.token = String::from_utf8(token).unwrap();
        client
    }

    fn ask(&mut self, line: &str, headers: &str) -> (String, Vec<u8>) {
        let mut request = format!("{line} HTTP/1.1\r\nHost: test\r\n{headers}");
        if !self.token.is_empty() {
            write!(request, "X-aws-ec2-metadata-token: {}\r\n", self.token).unwrap();
        }
        let request = request + "\r\n";
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut lines = iter::from_fn(|| {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            (line != "\r\n").then_some(line)
        });
        let status = lines.next().unwrap()[9..12].to_owned();
        let length = lines
            .filter_map(|line| line.strip_prefix("Content-Length: ")?.trim().parse().ok())
            .last();
        let mut body = vec![0; length.unwrap()];
        self.stream.read_exact(&mut body).unwrap();
        (status, body)
    }

    /// Reads all paths of all versions.
    fn crawl(&mut self) -> Crawl {
        let mut found = Crawl::new();
        let mut ahead = vec!["/".to_owned()];
        while let Some(path) = ahead.pop() {
            let (status, body) = self.ask(&format!("GET {path}"), "");
            assert_eq!(status, "200", "{path} is listed");
            if path.ends_with('/') {
                let listing = String::from_utf8(body.clone()).unwrap();
                ahead.extend(listing.lines().map(|name| below(&path, name)));
            }
            found.insert(path, body);
        }
        found
    }
}

/// The path of a name in a listing.
fn below(directory: &str, name: &str) -> String {
    let depth = directory.matches('/').count();
    match name.split_once('=') {
        Some((index, _)) if directory.ends_with("/public-keys/") => format!("{directory}{index}/"),
        _ if depth < 3 && name != "user-data" => format!("{directory}{name}/"),
        _ => format!("{directory}{name}"),
    }
}

/// A few different instances, because a crawl takes a while.
const INSTANCES: [&str; 6] = [
    "instances/dual-stack",
    "instances/public-tagged",
    "instances/several-interfaces",
    "instances/spot",
    "instances/xen-paravirtual",
    "reference",
];

fn serve(instance: &Path, more: &[&str]) -> Program {
    let instance = ["--instance", text(instance)];
    Program::start(&[&FROZEN, &instance[..], more].concat())
}

/// The command, always with an endpoint so that it never searches for a
/// service.
fn capture(program: &Program, flags: &[&str]) -> (Value, String) {
    let endpoint = format!("http://{}", program.address());
    let arguments = [&["capture", "--endpoint", &endpoint][..], flags].concat();
    let output = command(&arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    (serde_json::from_slice(&output.stdout).unwrap(), said)
}

fn write(folder: &Path, name: &str, document: &Value) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, document.to_string()).unwrap();
    path
}

/// Returns the status and the lines of the output.
fn diff(before: &str, after: &str) -> (Option<i32>, String) {
    let output = command(&["diff", before, after]).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), lines)
}

/// Formats the differences at all paths.
fn differences(before: &Crawl, after: &Crawl) -> String {
    let mut page = String::new();
    let paths = before
        .keys()
        .chain(after.keys().filter(|path| !before.contains_key(*path)));
    for path in paths {
        let [one, other] = [before, after].map(|crawl| {
            let bytes = crawl.get(path).map(|bytes| String::from_utf8_lossy(bytes));
            bytes.map(std::borrow::Cow::into_owned)
        });
        if one != other {
            writeln!(page, "  {path}: {one:?} became {other:?}").unwrap();
        }
    }
    page
}

#[test]
fn a_served_capture_is_identical_in_every_version() {
    let data = transcript::folder().join("data");
    let instances = INSTANCES.map(|name| data.join(name).with_extension("json"));
    let folder = tempfile::tempdir().unwrap();
    let mut page = String::new();
    for instance in instances {
        let first = serve(&instance, &[]);
        let (document, said) = capture(&first, &["--with-user-data"]);
        let again = write(folder.path(), "again.json", &document);
        let second = serve(&again, &[]);
        let crawls = [&first, &second].map(|program| Client::new(program).crawl());
        assert!(crawls[0].len() > 300, "{} paths", crawls[0].len());
        let found = differences(&crawls[0], &crawls[1]);
        let overrides = &document["Imdsim"]["Overrides"];
        if !(found.is_empty() && said.is_empty() && overrides.is_null()) {
            writeln!(page, "{}: {said}{overrides}\n{found}", instance.display()).unwrap();
        }
    }
    assert!(page.is_empty(), "\n{page}");
}

#[test]
fn overrides_and_binary_user_data_are_captured() {
    let folder = tempfile::tempdir().unwrap();
    let instance = json!({ "Imdsim": {
        "UserData": "/wD+",
        "Overrides": { "meta-data/ami-id": "odd", "meta-data/new/leaf": "x", "meta-data/hostname": null },
    }});
    let instance = write(folder.path(), "instance.json", &instance);
    let first = serve(&instance, &["--http-tokens=required"]);
    let (document, said) = capture(&first, &["--with-user-data"]);
    assert_eq!(said, "");
    assert_eq!(document["Imdsim"]["UserData"], "/wD+");
    assert_eq!(document["MetadataOptions"]["HttpTokens"], "required");
    let second = serve(&write(folder.path(), "again.json", &document), &[]);
    let [before, after] = [&first, &second].map(|program| Client::new(program).crawl());
    assert_eq!(differences(&before, &after), "");
    assert_eq!(after["/1.0/meta-data/ami-id"], b"odd");
}

#[test]
fn secrets_are_captured_only_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let instance = json!({
        "IamInstanceProfile": { "Arn": "arn:aws:iam::123456789012:instance-profile/web" },
        "Imdsim": { "UserData": "c2VjcmV0LXBhc3N3b3Jk" },
    });
    let instance = write(folder.path(), "instance.json", &instance);
    let program = serve(&instance, &[]);
    let crawl = Client::new(&program).crawl();
    let base = "/latest/meta-data";
    let secrets: Vec<String> = [
        "iam/security-credentials/web",
        "identity-credentials/ec2/security-credentials/ec2-instance",
    ]
    .iter()
    .flat_map(|path| {
        let document: Value = serde_json::from_slice(&crawl[&format!("{base}/{path}")]).unwrap();
        ["AccessKeyId", "SecretAccessKey", "Token"].map(|name| document[name].clone())
    })
    .map(|secret| secret.as_str().unwrap().to_owned())
    .collect();
    let signature = &crawl["/latest/dynamic/instance-identity/signature"];
    let signature = signature.split(|byte| *byte == b'\n').next().unwrap();
    let signature = String::from_utf8(signature.to_vec()).unwrap();
    let user_data = [
        "secret-password".to_owned(),
        "c2VjcmV0LXBhc3N3b3Jk".to_owned(),
    ];
    let (plain, _) = capture(&program, &[]);
    let plain = plain.to_string();
    for secret in secrets.iter().chain([&signature]).chain(&user_data) {
        assert!(!secret.is_empty() && !plain.contains(secret), "{secret}");
    }
    assert!(plain.contains("AWS-HMAC"), "{plain}");
    let (told, _) = capture(&program, &["--with-credentials", "--with-user-data"]);
    assert_eq!(told["Imdsim"]["UserData"], "c2VjcmV0LXBhc3N3b3Jk");
    assert_eq!(told["Imdsim"]["Credentials"]["SecretAccessKey"], secrets[1]);
    assert!(told["Captured"].to_string().contains(&signature));
}

#[test]
fn the_captured_field_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let (document, _) = capture(&Program::start(&FROZEN), &[]);
    assert!(document["Captured"]["Versions"]["latest"].is_object());
    let program = serve(&write(folder.path(), "again.json", &document), &[]);
    let shown = program
        .send("GET /_imdsim/instance HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    assert!(shown.contains("ApiVersions"), "{shown}");
    assert!(!shown.contains("Captured"), "{shown}");
}

#[test]
fn a_service_without_tokens_or_with_throttling_is_captured() {
    let whole = Program::start(&FROZEN);
    let (expected, _) = capture(&whole, &[]);
    let put = |program: &Program, fault: &str, body: &str| {
        let length = body.len();
        let request = format!(
            "PUT /_imdsim/faults/{fault} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        assert!(program.send(request).starts_with("HTTP/1.1 200 "));
    };
    put(
        &whole,
        "busy",
        r#"{"method": "GET", "path": "/latest/meta-data/**", "first": 3, "status": 503}"#,
    );
    let (patient, _) = capture(&whole, &[]);
    let versions = "/Captured/Versions";
    assert_eq!(patient.pointer(versions), expected.pointer(versions));

    put(&whole, "tokenless", r#"{"method": "PUT", "close": true}"#);
    let (tokenless, said) = capture(&whole, &[]);
    assert!(said.contains("; what IMDSv1 shows is captured"), "{said}");
    let id = "/Reservations/0/Instances/0/InstanceId";
    assert_eq!(tokenless.pointer(id), expected.pointer(id));

    let required = Program::start(&[&FROZEN[..], &["--http-tokens=required"]].concat());
    put(
        &required,
        "tokenless",
        r#"{"method": "PUT", "close": true}"#,
    );
    let url = format!("http://{}", required.address());
    check(
        &mut command(&["capture", "--endpoint", &url]),
        &format!(
            "{url}: the service requires a token and gives none (its answer to the request for \
             one does not come); "
        ),
        "use --endpoint to name a reachable metadata service",
    );
}

#[test]
fn diff_prints_a_line_per_change() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(&FROZEN);
    let first = write(folder.path(), "first.json", &capture(&program, &[]).0);
    let url = format!("http://{}", program.address());
    assert_eq!(diff(text(&first), &url), (Some(0), String::new()));
    let change = "PUT /_imdsim/overrides/meta-data/ami-id HTTP/1.1\r\nHost: 127.0.0.1\r\n\
                  Connection: close\r\nContent-Length: 5\r\n\r\nami-2";
    assert!(program.send(change).starts_with("HTTP/1.1 200 "));
    let change = r#"{"Tags": [{"Key": "Name", "Value": "imdsim"}, {"Key": "Team", "Value": "blue"}], "MetadataOptions": {"InstanceMetadataTags": "enabled"}}"#;
    let second = write(folder.path(), "second.json", &capture(&program, &[]).0);
    let (status, lines) = diff(text(&first), text(&second));
    assert_eq!(status, Some(1));
    let before = Client::new(&Program::start(&FROZEN)).crawl();
    let before = String::from_utf8_lossy(&before["/latest/meta-data/ami-id"]).into_owned();
    let expected = format!("1.0..latest  meta-data/ami-id  - {before:?}  + \"ami-2\"\n");
    assert_eq!(lines, expected);
    let tagged = write(folder.path(), "tagged.json", &change.parse().unwrap());
    let tagged = serve(&tagged, &[]);
    let before = json!({"MetadataOptions": {"InstanceMetadataTags": "enabled"}, "Tags": [{"Key": "Name", "Value": "imdsim"}]});
    let before = serve(&write(folder.path(), "untagged.json", &before), &[]);
    let [before, after] = [&before, &tagged].map(|program| format!("http://{}", program.address()));
    assert_eq!(
        diff(&before, &after),
        (
            Some(1),
            "2025-10-04..latest  meta-data/tag-sets/instance  \
             - \"{\\\"Name\\\":\\\"imdsim\\\"}\"  + \"{\\\"Name\\\":\\\"imdsim\\\",\\\"Team\\\":\\\"blue\\\"}\"\n\
             2021-03-23..latest  meta-data/tags/instance/Team  + \"blue\"\n"
                .to_owned()
        )
    );
}

#[track_caller]
fn check(command: &mut Command, start: &str, end: &str) {
    let said = refusal_of(command);
    assert!(said.starts_with(start) && said.ends_with(end), "{said}");
}

#[test]
fn other_servers_and_files_are_rejected_in_one_sentence() {
    // Nothing listens on a port that was just released.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let unreachable = format!("{url}: no metadata service answers here: ");
    let remedy = "; use --endpoint to name a reachable metadata service";
    check(
        &mut command(&["capture", "--endpoint", &url]),
        &unreachable,
        remedy,
    );
    let variable = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
    check(
        command(&["capture"]).env(variable, &url),
        &unreachable,
        remedy,
    );
    check(&mut command(&["diff", &url, &url]), &unreachable, remedy);
    check(
        command(&["capture"]).env(variable, "localhost"),
        "AWS_EC2_METADATA_SERVICE_ENDPOINT: \"localhost\" is not the address of a metadata service; ",
        "write it like http://127.0.0.1:4719",
    );
    let bare = transcript::folder().join("data/bare.json");
    let bare = text(&bare);
    check(
        &mut command(&["diff", bare, bare]),
        &format!("{bare}: this is not a capture; "),
        "use the output of `imdsim capture`, or the address of a service",
    );
    check(
        &mut command(&["diff", "no-such-file", bare]),
        "no-such-file: cannot read this file: ",
        "; specify a readable file",
    );
}

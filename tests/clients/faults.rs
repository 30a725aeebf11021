//! Behaviour of boto3 and aws-config under faults of the metadata service, as
//! documented in `docs/faults.md`.

pub(crate) mod aws_config;
mod document;
mod seen;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::files;
use crate::program::{self, Program};
use crate::trial;
use document::Document;
use seen::Seen;

/// A client's timeout for connecting, and for a response.
const TIMEOUT: Duration = Duration::from_secs(1);

/// A client's number of attempts.
const ATTEMPTS: u32 = 2;

/// One client that requests the role's credentials.
#[derive(Clone, Copy)]
struct Client {
    name: &'static str,
    /// The text before the version in its `User-Agent`.
    product: &'static str,
    command: fn() -> Command,
}

const CLIENTS: [Client; 2] = [
    Client {
        name: "aws-config",
        product: "api/imds/",
        command: || {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.arg(aws_config::COMMAND);
            command
        },
    },
    Client {
        name: "boto3",
        product: "Boto3/",
        command: || {
            let mut command = Command::new(python());
            // Scripts beside it are called as the modules that they import.
            command.arg("-P");
            command.arg(files::folder().join("clients/faults.py"));
            command
        },
    },
];

/// One trial for each client under each fault, and one of the document.
pub(crate) fn trials(outside: Option<&str>) -> Vec<Trial> {
    let presets = presets();
    let mut trials = Vec::new();
    for client in CLIENTS {
        let missing = outside.map(str::to_owned).or_else(|| client.missing());
        for (preset, summary) in presets.clone() {
            let name = format!("{} does as docs/faults.md tells: {preset}", client.name);
            trials.push(trial(name, missing.as_deref(), move || {
                does_as_told(client, &preset, &summary)
            }));
        }
    }
    let names: Vec<_> = presets.into_keys().collect();
    trials.push(Trial::test(
        "docs/faults.md tells of every fault, and of no other",
        move || tells_of(&names),
    ));
    trials
}

/// The faults that are ready-made: name and summary.
fn presets() -> BTreeMap<String, String> {
    let request = http::Request::get("/_imdsim/faults/presets")
        .header(http::header::HOST, "localhost")
        .body(Vec::new())
        .unwrap();
    let context = imdsim::RequestContext {
        now: imdsim::UnixMillis(0),
        entropy: [0; 32],
        connection: imdsim::Connection::Loopback,
    };
    let outcome =
        imdsim::Emulator::from_env([]).answer(None, context, &request, &mut BTreeMap::new());
    let answer: Value = serde_json::from_slice(&outcome.response.body).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let presets = answer["presets"].as_array().unwrap().iter();
    presets
        .map(|preset| (text(&preset["name"]), text(&preset["summary"])))
        .collect()
}

/// The observed behaviour of a client matches the document.
fn does_as_told(client: Client, preset: &str, summary: &str) -> Result<(), Failed> {
    let program = Program::start(&["--quiet"]);
    // Neither ten seconds after the launch nor a new second to be throttled in
    // may come while the client is at it.
    let now = jiff::Timestamp::now();
    control(
        &program,
        "PUT clock",
        &format!(r#"{{"freeze": "{now:.0}"}}"#),
    );
    control(&program, &format!("PUT faults/{preset}"), "");
    let said = client.run(&program)?;
    let journal = control(&program, "GET requests", "");
    let journal = journal["requests"].as_array().unwrap();
    let cells = Seen::new(&said, journal).cells();
    if files::updating() {
        Document::update(|document| {
            document.tell_version(client.name, client.version(journal));
            let section = document.sections.entry(preset.to_owned()).or_default();
            summary.clone_into(&mut section.summary);
            section.rows.insert(client.name.to_owned(), cells);
        });
        return Ok(());
    }
    let mut sections = Document::read().sections;
    let told = sections.remove(preset).unwrap_or_default();
    same("what the fault does", &told.summary, summary)?;
    let row = told.rows.get(client.name).map(String::as_str);
    same(client.name, row.unwrap_or_default(), &cells)
}

/// The document has a section for each fault.
fn tells_of(faults: &[String]) -> Result<(), Failed> {
    if files::updating() {
        Document::update(|document| document.sections.retain(|name, _| faults.contains(name)));
        return Ok(());
    }
    let told: Vec<_> = Document::read().sections.into_keys().collect();
    same("the sections", &told.join(", "), &faults.join(", "))
}

fn same(what: &str, told: &str, seen: &str) -> Result<(), Failed> {
    if told == seen {
        return Ok(());
    }
    let message = format!(
        "docs/faults.md, {what}: it says\n    {told}\nbut what is seen is\n    {seen}\n\
         UPDATE_GOLDEN=1 rewrites the file"
    );
    Err(message.into())
}

/// Calls the control API: a method and what follows `/_imdsim/`.
fn control(program: &Program, call: &str, body: &str) -> Value {
    let (method, path) = call.split_once(' ').unwrap();
    let length = body.len();
    let response = program.send(format!(
        "{method} /_imdsim/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n\
         {body}"
    ));
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    serde_json::from_str(program::body(&response)).unwrap()
}

impl Client {
    /// The reason why the client cannot run here, if so.
    fn missing(self) -> Option<String> {
        let program = PathBuf::from((self.command)().get_program());
        (!program.is_file()).then(|| format!("no {}; .ci/clients installs it", program.display()))
    }

    /// The line of JSON that it prints.
    fn run(self, program: &Program) -> Result<Value, Failed> {
        let home = tempfile::tempdir()?;
        let output = (self.command)()
            .env_clear()
            .env("HOME", home.path())
            .env(
                "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                format!("http://{}/", program.address()),
            )
            .env(
                "AWS_METADATA_SERVICE_TIMEOUT",
                TIMEOUT.as_secs().to_string(),
            )
            .env("AWS_METADATA_SERVICE_NUM_ATTEMPTS", ATTEMPTS.to_string())
            .output()?;
        serde_json::from_slice(&output.stdout)
            .map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned().into())
    }

    /// The client's version, from its `User-Agent` in the journal.
    fn version(self, journal: &[Value]) -> &str {
        let agents = journal
            .iter()
            .filter_map(|entry| entry["user_agent"].as_str());
        agents
            .filter_map(|agent| agent.split_once(self.product))
            .find_map(|(_, rest)| rest.split(' ').next())
            .unwrap_or("of an unknown version")
    }
}

fn python() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/clients/bin/python")
}

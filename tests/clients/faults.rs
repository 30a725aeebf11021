//! Behaviour of boto3 and aws-config under faults of the metadata service,
//! compared with `docs/faults.md`.

pub(crate) mod aws_config;
mod document;
mod observation;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::files;
use crate::pins::not_installed;
use crate::program::{self, Program};
use crate::trial;
use document::Document;
use observation::Observation;

/// Timeout of the clients for connecting and for a response.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Number of attempts of the clients.
const ATTEMPTS: u32 = 2;

/// A client that loads the role's credentials.
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
            // Keeps scripts in the folder from shadowing modules of the same name.
            command.arg("-P");
            command.arg(files::folder().join("clients/faults.py"));
            command
        },
    },
];

/// One trial for each client and fault preset, and one for the document's sections.
pub(crate) fn trials(no_namespace: Option<&str>) -> Vec<Trial> {
    let presets = presets();
    let mut trials = Vec::new();
    for client in CLIENTS {
        let missing = no_namespace.map(str::to_owned).or_else(|| client.missing());
        for (preset, summary) in presets.clone() {
            let name = format!("{} behaves as in docs/faults.md: {preset}", client.name);
            trials.push(trial(name, missing.as_deref(), move || {
                matches_document(client, &preset, &summary)
            }));
        }
    }
    let names: Vec<_> = presets.into_keys().collect();
    trials.push(Trial::test(
        "docs/faults.md has exactly one section for each fault preset",
        move || sections_match(&names),
    ));
    trials
}

/// Names and summaries of the fault presets.
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
    let body: Value = serde_json::from_slice(&outcome.response.body).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let presets = body["presets"].as_array().unwrap().iter();
    presets
        .map(|preset| (text(&preset["name"]), text(&preset["summary"])))
        .collect()
}

/// The observed behaviour of a client matches the document.
fn matches_document(client: Client, preset: &str, summary: &str) -> Result<(), Failed> {
    let program = Program::start(&["--quiet"]);
    // Freezes the clock, so that `early-boot` does not end and `throttled` does not
    // start a new second while the client runs.
    let now = jiff::Timestamp::now();
    control(
        &program,
        "PUT clock",
        &format!(r#"{{"freeze": "{now:.0}"}}"#),
    );
    control(&program, &format!("PUT faults/{preset}"), "");
    let output = client.run(&program)?;
    let journal = control(&program, "GET requests", "");
    let journal = journal["requests"].as_array().unwrap();
    let cells = Observation::new(&output, journal).cells();
    if files::updating() {
        Document::update(|document| {
            document.set_version(client.name, client.version(journal));
            let section = document.sections.entry(preset.to_owned()).or_default();
            summary.clone_into(&mut section.summary);
            section.rows.insert(client.name.to_owned(), cells);
        });
        return Ok(());
    }
    let mut sections = Document::read().sections;
    let section = sections.remove(preset).unwrap_or_default();
    compare("summary", &section.summary, summary)?;
    let row = section.rows.get(client.name).map(String::as_str);
    compare(client.name, row.unwrap_or_default(), &cells)
}

/// The document's sections are the fault presets.
fn sections_match(faults: &[String]) -> Result<(), Failed> {
    if files::updating() {
        Document::update(|document| document.sections.retain(|name, _| faults.contains(name)));
        return Ok(());
    }
    let sections: Vec<_> = Document::read().sections.into_keys().collect();
    compare("sections", &sections.join(", "), &faults.join(", "))
}

/// Compares a part of the document with the observation.
fn compare(part: &str, documented: &str, observed: &str) -> Result<(), Failed> {
    if documented == observed {
        return Ok(());
    }
    let message = format!(
        "docs/faults.md, {part}: documented\n    {documented}\nobserved\n    {observed}\n\
         UPDATE_GOLDEN=1 rewrites the file"
    );
    Err(message.into())
}

/// Calls the control API with a method and a path below `/_imdsim/`.
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
    /// The reason if the client cannot run here.
    fn missing(self) -> Option<String> {
        let program = PathBuf::from((self.command)().get_program());
        (!program.is_file()).then(|| not_installed(&program))
    }

    /// Runs the client and returns the JSON that it prints.
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

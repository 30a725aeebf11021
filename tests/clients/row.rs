//! A row of the matrix: a client, its command and the expected output.

use std::path::PathBuf;
use std::process::Command;

use libtest_mimic::Failed;
use serde_json::Value;

use crate::aws_config;
use crate::endpoint::Endpoint as _;
use crate::hosts::Host;
use crate::pins::{Version, folder};
use crate::transcript::files;

/// A client with one request.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) version: Version,
    pub(crate) pointed: Pointed,
    /// The program and its arguments, with `E`, `HOST` and `DIR` for words that
    /// differ from run to run. Scripts are those of this folder.
    pub(crate) command: &'static str,
    pub(crate) optional: Answer,
    pub(crate) required: Answer,
}

/// How the client is pointed at the emulator.
#[derive(Clone, Copy)]
pub(crate) enum Pointed {
    /// By `AWS_EC2_METADATA_SERVICE_ENDPOINT`, which has this value.
    Variable(&'static str),
    /// By its command, or by what its script does with the argument.
    Command(&'static str),
}

/// How the client must end, and all that must be in what it says. Names in
/// braces stand for fields of the credentials that are served.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    Says(&'static [&'static str]),
    /// The client must fail, since it does not support tokens.
    Fails(&'static [&'static str]),
}

impl Row {
    /// The reason why the client cannot run here, if so.
    pub(crate) fn missing(&self) -> Option<String> {
        let program = self.program();
        if !program.is_file() {
            return Some(format!("no {}; .ci/clients installs it", program.display()));
        }
        self.version.missing()
    }

    /// Runs the client and compares its output with the expected one.
    pub(crate) fn check(&self, host: &Host, answer: Answer) -> Result<(), Failed> {
        let (succeeded, said) = self.run(host)?;
        let (succeeds, expected) = match answer {
            Answer::Says(expected) => (true, expected),
            Answer::Fails(expected) => (false, expected),
        };
        if succeeded != succeeds {
            let how = if succeeded { "succeeded" } else { "failed" };
            return Err(format!("{} {how}:\n{said}", self.name).into());
        }
        let served = credentials(host);
        for expected in expected {
            let expected = fill_in(expected, &served);
            if !said.contains(&expected) {
                let name = self.name;
                return Err(format!("{name} does not say\n{expected}\nbut\n{said}").into());
            }
        }
        Ok(())
    }

    /// Runs it with nothing set but what points it at the emulator, and returns
    /// whether it succeeded, and what it said.
    fn run(&self, host: &Host) -> Result<(bool, String), Failed> {
        let home = tempfile::tempdir()?;
        let endpoint = format!("http://{}", host.address());
        let home_path = home.path().display().to_string();
        let words = |word: &str| match word {
            "E" | "E/" => word.replace('E', &endpoint),
            _ => word
                .replace("HOST", host.address())
                .replace("DIR", &home_path),
        };
        let mut paths = vec![folder().join("bin")];
        paths.extend(std::env::split_paths(
            &std::env::var_os("PATH").unwrap_or_default(),
        ));
        // This test learns from its argument that it is to be a client.
        let named = usize::from(self.command != aws_config::COMMAND);
        let mut command = Command::new(self.program());
        command
            .args(self.command.split(' ').skip(named).map(words))
            .current_dir(files::folder().join("clients"))
            .env_clear()
            .env("PATH", std::env::join_paths(paths)?)
            .env("HOME", home.path())
            // Scripts are named after what they import.
            .env("PYTHONSAFEPATH", "1")
            .env("NODE_PATH", folder().join("npm/node_modules"));
        if let Pointed::Variable(value) = self.pointed {
            command.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", words(value));
        }
        let output = command.output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        Ok((output.status.success(), said))
    }

    /// One in the folder of `.ci/clients`, or an absolute path.
    fn program(&self) -> PathBuf {
        match self.command.split(' ').next().unwrap() {
            aws_config::COMMAND => std::env::current_exe().unwrap(),
            name => folder().join("bin").join(name),
        }
    }
}

/// What the service itself gives to requests with a token, as all of these are.
fn credentials(host: &Host) -> Value {
    let ttl = ("X-aws-ec2-metadata-token-ttl-seconds", "60");
    let (_, token) = host.call("PUT /latest/api/token", &[ttl], "");
    let token = ("X-aws-ec2-metadata-token", token.as_str());
    let (_, document) = host.call(ROLE, &[token], "");
    serde_json::from_str(&document).unwrap()
}

/// The text with the fields of the credentials in their places, or with their
/// last four characters, which is what the AWS CLI shows.
fn fill_in(text: &str, served: &Value) -> String {
    let fields = served.as_object().unwrap();
    fields.iter().fold(text.to_owned(), |text, (name, value)| {
        let value = value.as_str().unwrap();
        let end = &value[value.len().saturating_sub(4)..];
        text.replace(&format!("{{{name}}}"), value)
            .replace(&format!("{{end of {name}}}"), end)
    })
}

const ROLE: &str = "GET /latest/meta-data/iam/security-credentials/web-guest";

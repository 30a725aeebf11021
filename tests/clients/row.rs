//! A row of the compatibility table: a client, its command and expected output.

use std::path::PathBuf;
use std::process::Command;

use libtest_mimic::Failed;
use serde_json::Value;

use crate::aws_config;
use crate::endpoint::Endpoint as _;
use crate::hosts::Host;
use crate::pins::{Version, folder, not_installed};
use crate::snippets::run;
use crate::transcript::files;

/// A client with one command.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) version: Version,
    pub(crate) endpoint_config: EndpointConfig,
    /// The program and its arguments. The placeholders `E`, `HOST` and `DIR` are
    /// explained in `docs/clients.md`. Scripts are in this folder.
    pub(crate) command: &'static str,
    /// With optional tokens.
    pub(crate) optional: Expected,
    /// With required tokens.
    pub(crate) required: Expected,
}

/// Configuration of the emulator's endpoint in the client.
#[derive(Clone, Copy)]
pub(crate) enum EndpointConfig {
    /// The value of `AWS_EC2_METADATA_SERVICE_ENDPOINT`.
    Variable(&'static str),
    /// An option of the command, or code in its script.
    Command(&'static str),
}

/// The expected exit and parts of the output. Names in braces stand for fields of
/// the served credentials.
#[derive(Clone, Copy)]
pub(crate) enum Expected {
    Succeeds(&'static [&'static str]),
    /// Failure, because the client does not support tokens.
    Fails(&'static [&'static str]),
}

impl Row {
    /// The reason if the client cannot run here.
    pub(crate) fn missing(&self) -> Option<String> {
        let program = self.program();
        if !program.is_file() {
            return Some(not_installed(&program));
        }
        self.version.missing()
    }

    /// Runs the client and checks its exit and output.
    pub(crate) fn check(&self, host: &Host, expected: Expected) -> Result<(), Failed> {
        let (succeeded, output) = self.run(host)?;
        let (should_succeed, parts) = match expected {
            Expected::Succeeds(parts) => (true, parts),
            Expected::Fails(parts) => (false, parts),
        };
        if succeeded != should_succeed {
            let result = if succeeded { "succeeded" } else { "failed" };
            return Err(format!("{} {result}:\n{output}", self.name).into());
        }
        let served = credentials(host);
        for part in parts {
            let part = fill_in(part, &served);
            if !output.contains(&part) {
                let name = self.name;
                return Err(format!("{name} did not print\n{part}\nbut\n{output}").into());
            }
        }
        Ok(())
    }

    /// Runs the client in an environment with only the emulator's endpoint.
    /// Returns whether it succeeded, and its output.
    fn run(&self, host: &Host) -> Result<(bool, String), Failed> {
        let home = tempfile::tempdir()?;
        let endpoint = format!("http://{}", host.address());
        let home_path = home.path().display().to_string();
        let expand = |word: &str| match word {
            "E" | "E/" => word.replace('E', &endpoint),
            _ => word
                .replace("HOST", host.address())
                .replace("DIR", &home_path),
        };
        let mut paths = vec![folder().join("bin")];
        paths.extend(std::env::split_paths(
            &std::env::var_os("PATH").unwrap_or_default(),
        ));
        // aws-config runs in this test's program, selected by an argument.
        let program_words = usize::from(self.command != aws_config::COMMAND);
        let mut command = Command::new(self.program());
        command
            .args(self.command.split(' ').skip(program_words).map(expand))
            .current_dir(files::folder().join("clients"))
            .env_clear()
            .env("PATH", std::env::join_paths(paths)?)
            .env("HOME", home.path())
            // Keeps scripts from shadowing the modules of the same name.
            .env("PYTHONSAFEPATH", "1")
            .env("NODE_PATH", folder().join("npm/node_modules"));
        if let EndpointConfig::Variable(value) = self.endpoint_config {
            command.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", expand(value));
        }
        run(&mut command)
    }

    /// A program installed by `.ci/clients`, or at an absolute path.
    fn program(&self) -> PathBuf {
        match self.command.split(' ').next().unwrap() {
            aws_config::COMMAND => std::env::current_exe().unwrap(),
            name => folder().join("bin").join(name),
        }
    }
}

/// The role's credentials, requested with a token.
fn credentials(host: &Host) -> Value {
    let ttl = ("X-aws-ec2-metadata-token-ttl-seconds", "60");
    let (_, token) = host.call("PUT /latest/api/token", &[ttl], "");
    let token = ("X-aws-ec2-metadata-token", token.as_str());
    let (_, document) = host.call(ROLE, &[token], "");
    serde_json::from_str(&document).unwrap()
}

/// Replaces `{FIELD}` with the field's value and `{end of FIELD}` with its last
/// four characters, which the AWS CLI prints.
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

//! schemathesis, which sends valid and invalid requests from an OpenAPI document
//! and reports undocumented responses.

use std::process::Command;

use libtest_mimic::{Failed, Trial};

use crate::files;
use crate::pins::not_installed;
use crate::program::{Program, text};
use crate::trial;

/// Trials of the whole control API, without and with an admin token.
pub(crate) fn trials(no_namespace: Option<&str>) -> Vec<Trial> {
    let program = files::folder().join("../target/clients/bin/schemathesis");
    let missing = no_namespace
        .map(str::to_owned)
        .or_else(|| (!program.is_file()).then(|| not_installed(&program)));
    ["", "s3cret"]
        .into_iter()
        .map(|token| {
            let with = if token.is_empty() { "without" } else { "with" };
            let name = format!("schemathesis accepts the control API {with} an admin token");
            let program = program.clone();
            trial(name, missing.as_deref(), move || {
                conforms(text(&program), token)
            })
        })
        .collect()
}

/// schemathesis finds no server error and no undocumented response.
fn conforms(schemathesis: &str, token: &str) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("imdsim.json");
    let setting = match token {
        "" => "{}".to_owned(),
        token => format!(r#"{{"admin_token": "{token}"}}"#),
    };
    std::fs::write(&config, setting)?;
    let program = Program::start(&["--quiet", "--config", text(&config)]);
    let settings = files::folder().join("clients/schemathesis.toml");
    let output = Command::new(schemathesis)
        .args(["--config-file", text(&settings), "run"])
        .arg(format!("http://{}/_imdsim/openapi.json", program.address()))
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--seed", "1", "--max-examples", "50", "--no-shrink"])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder.path())
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let report = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    Err(report.into())
}

//! schemathesis, which sends valid and invalid calls according to an OpenAPI
//! document, and reports responses that it does not describe.

use std::process::Command;

use libtest_mimic::{Failed, Trial};

use crate::files;
use crate::program::{Program, text};
use crate::trial;

/// The trial of the whole control API.
pub(crate) fn trials(outside: Option<&str>) -> Vec<Trial> {
    let program = files::folder().join("../target/clients/bin/schemathesis");
    let missing = outside.map(str::to_owned).or_else(|| {
        (!program.is_file()).then(|| format!("no {}; .ci/clients installs it", program.display()))
    });
    ["", "s3cret"]
        .into_iter()
        .map(|token| {
            let asked = if token.is_empty() { "none" } else { "one" };
            let name = format!("schemathesis finds the control API as described, token {asked}");
            let program = program.clone();
            trial(name, missing.as_deref(), move || {
                is_as_described(text(&program), token)
            })
        })
        .collect()
}

/// schemathesis finds no server error and no undocumented response.
fn is_as_described(schemathesis: &str, token: &str) -> Result<(), Failed> {
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
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    Err(said.into())
}

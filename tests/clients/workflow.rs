//! The workflow for GitHub Actions in `docs/use-with`. Actions and installations
//! need a network: their steps are printed and skipped, all others run.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use libtest_mimic::{Failed, Trial};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::page::Page;
use crate::snippets::{RUST_TOKEN_ERROR, TOKEN_FORBIDDEN, TestDir, cargo_test_missing, run};
use crate::{pins, trial};

pub(crate) fn trials(no_namespace: Option<&str>) -> Vec<Trial> {
    let missing = no_namespace
        .map(str::to_owned)
        .or_else(cargo_test_missing)
        .or_else(|| pins::outdated("requirements.txt"));
    vec![
        trial(
            "docs/use-with/actions.md: the steps pass, without actions and installation".into(),
            missing.as_deref(),
            || {
                let (succeeded, output, report) = run_steps(&[])?;
                assert!(succeeded, "{output}");
                assert!(report.contains("failures=\"0\""), "{report}");
                Ok(())
            },
        ),
        trial(
            "docs/use-with/actions.md: the steps fail if token requests are rejected".into(),
            missing.as_deref(),
            || {
                let (succeeded, output, _) = run_steps(&[TOKEN_FORBIDDEN])?;
                let has_reason = output.contains(RUST_TOKEN_ERROR);
                assert!(!succeeded && has_reason, "{output}");
                Ok(())
            },
        ),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Workflow {
    #[allow(dead_code, reason = "required")]
    on: String,
    jobs: BTreeMap<String, Job>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Job {
    #[allow(dead_code, reason = "required")]
    runs_on: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Step {
    name: Option<String>,
    uses: Option<String>,
    run: Option<String>,
    working_directory: Option<String>,
    #[serde(default)]
    with: BTreeMap<String, String>,
    #[serde(rename = "if")]
    condition: Option<String>,
}

/// Runs the steps. Returns whether all succeeded, their output, and the uploaded
/// report.
fn run_steps(variables: &[(&str, &str)]) -> Result<(bool, String, String), Failed> {
    let page = Page::read("docs/use-with/actions.md");
    // The repository that the workflow checks out and tests.
    let package = Page::read("docs/use-with/cargo-test.md");
    let dir = TestDir::with_files_of([&page, &package]);
    let Workflow { jobs, .. } = parse_yaml(&dir, page.only_file())?;
    let (mut succeeded, mut output, mut report) = (true, String::new(), None);
    for step in &jobs["test"].steps {
        match (&step.uses, &step.run, &step.name) {
            (Some(action), None, _) => {
                println!("skipped: {action}");
                report = report.or_else(|| step.with.get("path").filter(|_| step.is_upload()));
            }
            (None, Some(_), Some(name)) if name.starts_with("Install") => {
                println!("skipped: {name}");
                assert!(step.installs_imdsim(), "{name} does not install imdsim");
            }
            (None, Some(script), _) => {
                assert!(step.working_directory.is_none() && step.condition.is_none());
                let mut bash = dir.command("bash");
                let (step_succeeded, step_output) = run(bash
                    .args(["-ec", script])
                    .envs(variables.iter().copied())
                    .stdin(Stdio::null()))?;
                output += &step_output;
                succeeded &= step_succeeded;
            }
            _ => return Err("a step without `uses` and `run`".into()),
        }
    }
    assert!(!output.is_empty(), "no step ran");
    let report = dir.path().join(report.expect("a report is uploaded"));
    let report = std::fs::read_to_string(report)?;
    Ok((succeeded, output, report))
}

impl Step {
    /// Whether the step uploads a file, even if earlier steps failed.
    fn is_upload(&self) -> bool {
        self.uses
            .as_deref()
            .is_some_and(|action| action.starts_with("actions/upload-artifact@"))
            && self.condition.as_deref() == Some("always()")
    }

    /// Whether the step installs the package of the native program.
    fn installs_imdsim(&self) -> bool {
        let run = self.run.as_deref().unwrap();
        let path = run.split(' ').next_back().unwrap();
        run.starts_with("cargo install ")
            && self.working_directory.as_deref() == Some("imdsim")
            && Path::new(env!("CARGO_MANIFEST_DIR")).ends_with(path)
    }
}

/// Parses YAML with Python.
pub(crate) fn parse_yaml<T: DeserializeOwned>(dir: &TestDir, yaml: &str) -> Result<T, Failed> {
    let file = dir.path().join("document.yaml");
    std::fs::write(&file, yaml)?;
    let (succeeded, output) = run(dir.command("python").args(["-c", TO_JSON]))?;
    if !succeeded {
        return Err(output.into());
    }
    std::fs::remove_file(file)?;
    let document: Value = serde_json::from_str(&output)?;
    Ok(serde_json::from_value(document)?)
}

/// Prints the YAML as JSON, with all scalars as strings: plain YAML would parse
/// the key `on` as a boolean.
const TO_JSON: &str = "import json, yaml\n\
     print(json.dumps(yaml.load(open('document.yaml'), yaml.BaseLoader)))";

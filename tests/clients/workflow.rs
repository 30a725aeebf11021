//! The workflow for GitHub Actions in `docs/use-with`. Actions, and steps that
//! install something, would need a network: they are named and left out, and
//! all other steps run.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use libtest_mimic::{Failed, Trial};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::page::Page;
use crate::snippets::{TOKEN_REFUSED_TO_RUST, TOKENS_REFUSED, Workplace, cargo_test_missing, run};
use crate::{pins, trial};

pub(crate) fn trials(outside: Option<&str>) -> Vec<Trial> {
    let missing = outside
        .map(str::to_owned)
        .or_else(cargo_test_missing)
        .or_else(|| pins::outdated("requirements.txt"));
    vec![
        trial(
            "docs/use-with/actions.md: the steps work, without actions and installation".into(),
            missing.as_deref(),
            || {
                let (succeeded, said, report) = run_steps(&[])?;
                assert!(succeeded, "{said}");
                assert!(report.contains("failures=\"0\""), "{report}");
                Ok(())
            },
        ),
        trial(
            "docs/use-with/actions.md: the steps fail where tokens are refused".into(),
            missing.as_deref(),
            || {
                let (succeeded, said, _) = run_steps(&[TOKENS_REFUSED])?;
                let reason = said.contains(TOKEN_REFUSED_TO_RUST);
                assert!(!succeeded && reason, "{said}");
                Ok(())
            },
        ),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Workflow {
    #[allow(dead_code, reason = "has to be there")]
    on: String,
    jobs: BTreeMap<String, Job>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Job {
    #[allow(dead_code, reason = "has to be there")]
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

/// Whether the steps succeed, what they say, and the report that is kept.
fn run_steps(variables: &[(&str, &str)]) -> Result<(bool, String, String), Failed> {
    let page = Page::read("docs/use-with/actions.md");
    // What the workflow checks out: a package with a test, and the emulator.
    let package = Page::read("docs/use-with/cargo-test.md");
    let workplace = Workplace::with([&page, &package]);
    let Workflow { jobs, .. } = parse(&workplace, page.file())?;
    let (mut succeeded, mut said, mut report) = (true, String::new(), None);
    for step in &jobs["test"].steps {
        match (&step.uses, &step.run, &step.name) {
            (Some(action), None, _) => {
                println!("left out: {action}");
                report = report.or_else(|| step.with.get("path").filter(|_| step.keeps()));
            }
            (None, Some(_), Some(name)) if name.starts_with("Install") => {
                println!("left out: {name}");
                assert!(step.installs_this(), "{name} installs something else");
            }
            (None, Some(script), _) => {
                assert!(step.working_directory.is_none() && step.condition.is_none());
                let mut bash = workplace.command("bash");
                let ended = run(bash
                    .args(["-ec", script])
                    .envs(variables.iter().copied())
                    .stdin(Stdio::null()))?;
                said += &ended.1;
                succeeded &= ended.0;
            }
            _ => return Err("a step neither uses nor runs something".into()),
        }
    }
    assert!(!said.is_empty(), "no step ran");
    let report = workplace
        .folder()
        .join(report.expect("a report is uploaded"));
    let report = std::fs::read_to_string(report)?;
    Ok((succeeded, said, report))
}

impl Step {
    /// Whether it keeps a file, however the steps before it have ended.
    fn keeps(&self) -> bool {
        self.uses
            .as_deref()
            .is_some_and(|action| action.starts_with("actions/upload-artifact@"))
            && self.condition.as_deref() == Some("always()")
    }

    /// Whether it installs from the folder that this program is built from.
    fn installs_this(&self) -> bool {
        let run = self.run.as_deref().unwrap();
        let path = run.split(' ').next_back().unwrap();
        run.starts_with("cargo install ")
            && self.working_directory.as_deref() == Some("imdsim")
            && Path::new(env!("CARGO_MANIFEST_DIR")).ends_with(path)
    }
}

/// Reads YAML, by way of Python.
pub(crate) fn parse<T: DeserializeOwned>(workplace: &Workplace, yaml: &str) -> Result<T, Failed> {
    let file = workplace.folder().join("document.yaml");
    std::fs::write(&file, yaml)?;
    let (succeeded, said) = run(workplace.command("python").args(["-c", TO_JSON]))?;
    if !succeeded {
        return Err(said.into());
    }
    std::fs::remove_file(file)?;
    let document: Value = serde_json::from_str(&said)?;
    Ok(serde_json::from_value(document)?)
}

/// Strings stay what they are: `on` is no truth value to those who read these.
const TO_JSON: &str = "import json, yaml\n\
     print(json.dumps(yaml.load(open('document.yaml'), yaml.BaseLoader)))";

//! The file for Docker Compose in `docs/use-with`. There is no network here to pull
//! images from, so its commands run without containers: with the environment,
//! the health check and the names of the services that it says.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use libtest_mimic::{Failed, Trial};
use serde::Deserialize;

use crate::page::Page;
use crate::program::Program;
use crate::snippets::{Workplace, run};
use crate::{pins, trial, workflow};

const PAGE: &str = "docs/use-with/compose.md";

pub(crate) fn trials(outside: Option<&str>) -> Vec<Trial> {
    let missing = outside.map(str::to_owned);
    let natively = missing
        .clone()
        .or_else(|| pins::outdated("requirements.txt").or_else(|| needed("curl", &["--version"])));
    let docker = missing
        .or_else(|| needed("docker", &["compose", "version"]))
        .or_else(|| needed("docker", &["info"]));
    vec![
        trial(
            "docs/use-with/compose.md: commands, environment and health check work, without \
             containers"
                .into(),
            natively.as_deref(),
            without_containers,
        ),
        with_docker(docker),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Compose {
    services: BTreeMap<String, Service>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    #[allow(dead_code, reason = "has to be there, and cannot be pulled")]
    image: String,
    #[serde(default)]
    volumes: Vec<String>,
    command: Option<String>,
    entrypoint: Option<String>,
    healthcheck: Option<HealthCheck>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    depends_on: BTreeMap<String, Dependency>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HealthCheck {
    test: Vec<String>,
    #[allow(dead_code, reason = "nothing is asked twice here")]
    interval: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dependency {
    condition: String,
}

/// The emulator is healthy once it runs, and not before; then the other service
/// gets credentials.
fn without_containers() -> Result<(), Failed> {
    let page = Page::read(PAGE);
    let workplace = Workplace::with([&page]);
    let Compose { services } = workflow::parse(&workplace, page.file())?;
    let (imds, app) = (&services["imds"], &services["app"]);
    assert_eq!(imds.volumes, ["./imdsim:/usr/local/bin/imdsim:ro"]);
    assert_eq!(app.depends_on["imds"].condition, "service_healthy");

    let health = imds.healthcheck.as_ref().unwrap();
    let [kind, check @ ..] = &health.test[..] else {
        return Err("there is no health check".into());
    };
    assert_eq!(kind, "CMD");
    let is_healthy = || run(workplace.command(&check[0]).args(&check[1..]));
    assert!(!is_healthy()?.0, "something is healthy before it runs");
    let mut command = words(&workplace, imds.command.as_deref().unwrap());
    command.envs(&imds.environment);
    let emulator = Program::start_command(command.stderr(Stdio::piped()));
    let (healthy, said) = is_healthy()?;
    assert!(healthy, "{said}");
    // Other containers are not on loopback: the token is what they need.
    let token = &imds.environment["IMDSIM_ADMIN_TOKEN"];
    let reset = ["-fsS", "-X", "POST", "http://127.0.0.1/_imdsim/reset"];
    assert!(!run(workplace.command("curl").args(reset))?.0);
    let bearer = format!("Authorization: Bearer {token}");
    let mut with_token = workplace.command("curl");
    let (succeeded, said) = run(with_token.args(reset).args(["-H", &bearer]))?;
    assert!(succeeded, "{said}");

    let hosts = workplace.folder().join("hosts");
    let names: Vec<_> = services.keys().map(String::as_str).collect();
    let names = names.join(" ");
    std::fs::write(&hosts, format!("127.0.0.1 localhost {names}\n"))?;
    let inside = words(&workplace, app.entrypoint.as_deref().unwrap());
    let mut command = workplace.command("unshare");
    command
        .args(["--mount", "sh", "-ec", WITH_HOSTS])
        .arg(inside.get_program())
        .args(inside.get_args())
        // The image has version 2 of the AWS CLI, and so has Debian.
        .env("PATH", "/usr/bin:/bin")
        .envs(&app.environment);
    let (succeeded, said) = run(&mut command)?;
    assert!(
        succeeded && said.contains("\"AccessKeyId\": \"ASIA"),
        "{said}"
    );
    drop(emulator);
    Ok(())
}

/// Runs its arguments where the names of the services are known.
const WITH_HOSTS: &str = "mount --bind hosts /etc/hosts; exec \"$0\" \"$@\"";

/// A command that is split as that of a service is, which no shell reads.
fn words(workplace: &Workplace, command: &str) -> Command {
    let mut words = command.split_whitespace();
    let mut command = workplace.command(words.next().unwrap());
    command.args(words);
    command
}

/// The real tool, its containers in a network that leads nowhere. It is never
/// required: few machines that run tests let them start containers.
fn with_docker(missing: Option<String>) -> Trial {
    let name = "docs/use-with/compose.md: Docker Compose runs the containers";
    match missing {
        Some(reason) => {
            println!("skipped: {name}: {reason}");
            Trial::test(name, || Ok(())).with_ignored_flag(true)
        }
        None => Trial::test(name, in_containers),
    }
}

fn in_containers() -> Result<(), Failed> {
    let page = Page::read(PAGE);
    let workplace = Workplace::with([&page]);
    let folder = workplace.folder();
    std::fs::copy(env!("CARGO_BIN_EXE_imdsim"), folder.join("imdsim"))?;
    let alone = "networks: {default: {internal: true}}\n";
    std::fs::write(folder.join("compose.override.yaml"), alone)?;
    let result = run(workplace.command("bash").args(["-ec", &page.commands()]));
    run(workplace.command("docker").args(["compose", "down"]))?;
    let (succeeded, said) = result?;
    assert!(
        succeeded && said.contains("\"AccessKeyId\": \"ASIA"),
        "{said}"
    );
    Ok(())
}

/// Says so if a program does not run.
fn needed(program: &str, arguments: &[&str]) -> Option<String> {
    let runs = Command::new(program)
        .args(arguments)
        .output()
        .is_ok_and(|output| output.status.success());
    (!runs).then(|| format!("`{program} {}` does not succeed here", arguments.join(" ")))
}

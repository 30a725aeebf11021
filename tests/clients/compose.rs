//! The file for Docker Compose in `docs/use-with`. Without a network to pull
//! images, its commands run outside containers, with the file's environment,
//! health check and service names.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use libtest_mimic::{Failed, Trial};
use serde::Deserialize;

use crate::page::Page;
use crate::program::Program;
use crate::snippets::{TestDir, run};
use crate::{pins, trial, workflow};

const PAGE: &str = "docs/use-with/compose.md";

pub(crate) fn trials(no_namespace: Option<&str>) -> Vec<Trial> {
    let missing = no_namespace.map(str::to_owned);
    let native_missing = missing.clone().or_else(|| {
        pins::outdated("requirements.txt").or_else(|| not_runnable("curl", &["--version"]))
    });
    let docker_missing = missing
        .or_else(|| not_runnable("docker", &["compose", "version"]))
        .or_else(|| not_runnable("docker", &["info"]));
    vec![
        trial(
            "docs/use-with/compose.md: commands, environment and health check work, without \
             containers"
                .into(),
            native_missing.as_deref(),
            without_containers,
        ),
        docker_trial(docker_missing),
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
    #[allow(dead_code, reason = "required, but cannot be pulled here")]
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
    #[allow(dead_code, reason = "required, but nothing is polled here")]
    interval: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dependency {
    condition: String,
}

/// The health check fails before the emulator runs and then passes. The other
/// service then gets credentials.
fn without_containers() -> Result<(), Failed> {
    let page = Page::read(PAGE);
    let dir = TestDir::with_files_of([&page]);
    let Compose { services } = workflow::parse_yaml(&dir, page.only_file())?;
    let (imds, app) = (&services["imds"], &services["app"]);
    assert_eq!(imds.volumes, ["./imdsim:/usr/local/bin/imdsim:ro"]);
    assert_eq!(app.depends_on["imds"].condition, "service_healthy");

    let health = imds.healthcheck.as_ref().unwrap();
    let [kind, check @ ..] = &health.test[..] else {
        return Err("no health check".into());
    };
    assert_eq!(kind, "CMD");
    let is_healthy = || run(dir.command(&check[0]).args(&check[1..]));
    assert!(
        !is_healthy()?.0,
        "the health check passes before the emulator runs"
    );
    let mut command = split_command(&dir, imds.command.as_deref().unwrap());
    command.envs(&imds.environment);
    let emulator = Program::start_command(command.stderr(Stdio::piped()));
    let (healthy, output) = is_healthy()?;
    assert!(healthy, "{output}");
    // Other containers are not on loopback, so they need the admin token.
    let token = &imds.environment["IMDSIM_ADMIN_TOKEN"];
    let reset = ["-fsS", "-X", "POST", "http://127.0.0.1/_imdsim/reset"];
    assert!(!run(dir.command("curl").args(reset))?.0);
    let bearer = format!("Authorization: Bearer {token}");
    let mut with_token = dir.command("curl");
    let (succeeded, output) = run(with_token.args(reset).args(["-H", &bearer]))?;
    assert!(succeeded, "{output}");

    let hosts = dir.path().join("hosts");
    let names: Vec<_> = services.keys().map(String::as_str).collect();
    let names = names.join(" ");
    std::fs::write(&hosts, format!("127.0.0.1 localhost {names}\n"))?;
    let entrypoint = split_command(&dir, app.entrypoint.as_deref().unwrap());
    let mut command = dir.command("unshare");
    command
        .args(["--mount", "sh", "-ec", WITH_HOSTS])
        .arg(entrypoint.get_program())
        .args(entrypoint.get_args())
        // Debian's AWS CLI, version 2 like the image's.
        .env("PATH", "/usr/bin:/bin")
        .envs(&app.environment);
    let (succeeded, output) = run(&mut command)?;
    assert!(
        succeeded && output.contains("\"AccessKeyId\": \"ASIA"),
        "{output}"
    );
    drop(emulator);
    Ok(())
}

/// Runs its arguments where service names resolve.
const WITH_HOSTS: &str = "mount --bind hosts /etc/hosts; exec \"$0\" \"$@\"";

/// Splits a service's command at spaces, without a shell.
fn split_command(dir: &TestDir, command: &str) -> Command {
    let mut parts = command.split_whitespace();
    let mut command = dir.command(parts.next().unwrap());
    command.args(parts);
    command
}

/// Docker Compose itself, with containers in an isolated network. Never required,
/// because few test machines can start containers.
fn docker_trial(missing: Option<String>) -> Trial {
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
    let dir = TestDir::with_files_of([&page]);
    let folder = dir.path();
    std::fs::copy(env!("CARGO_BIN_EXE_imdsim"), folder.join("imdsim"))?;
    let isolated = "networks: {default: {internal: true}}\n";
    std::fs::write(folder.join("compose.override.yaml"), isolated)?;
    let result = run(dir.command("bash").args(["-ec", &page.commands()]));
    run(dir.command("docker").args(["compose", "down"]))?;
    let (succeeded, output) = result?;
    assert!(
        succeeded && output.contains("\"AccessKeyId\": \"ASIA"),
        "{output}"
    );
    Ok(())
}

/// Reports a program that does not run.
fn not_runnable(program: &str, arguments: &[&str]) -> Option<String> {
    let runs = Command::new(program)
        .args(arguments)
        .output()
        .is_ok_and(|output| output.status.success());
    (!runs).then(|| format!("`{program} {}` fails here", arguments.join(" ")))
}

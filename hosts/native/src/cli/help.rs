//! Additions to `--help`: the environment variable of each flag and an example
//! for each command. Flags that a command accepts only for compatibility with
//! the mock are hidden.

use clap::{Arg, Command};

use crate::aemm;
use imdsim::constants::{DOCUMENT_VARIABLE, URL_VARIABLE, VARIABLE_PREFIX};

/// Commands, each with an example.
const EXAMPLES: [(&str, &str); 21] = [
    (
        "imdsim",
        "imdsim --instance instance.json --http-tokens required",
    ),
    ("imdsim serve", "imdsim serve --addr 127.0.0.1:0 --log json"),
    (
        "imdsim run",
        "imdsim run --clean --assert-no-v1 --report imds.xml -- pytest",
    ),
    (
        "imdsim tree",
        "imdsim tree --instance instance.json --version 2009-04-04",
    ),
    (
        "imdsim capture",
        "imdsim capture --with-user-data > instance.json",
    ),
    (
        "imdsim diff",
        "imdsim diff instance.json http://127.0.0.1:4719",
    ),
    ("imdsim schema", "imdsim schema > instance.schema.json"),
    (
        "imdsim completion",
        "imdsim completion bash > ~/.local/share/bash-completion/completions/imdsim",
    ),
    ("imdsim spot", "imdsim spot --action stop --in 30s"),
    (
        "imdsim events",
        "imdsim events --code instance-stop --not-before 2026-03-01T10:00:00Z",
    ),
    (
        "imdsim events list",
        "imdsim events list --url http://127.0.0.1:4719",
    ),
    ("imdsim events cancel", "imdsim events cancel 1 2"),
    ("imdsim asglifecycle", "imdsim asglifecycle --in 2m"),
    ("imdsim freeze", "imdsim freeze 2026-01-01T00:00:00Z"),
    ("imdsim shift", "imdsim shift +6h1s"),
    ("imdsim release", "imdsim release"),
    (
        "imdsim requests",
        "imdsim requests --path '/latest/meta-data/iam/**' --version 1",
    ),
    ("imdsim fault", "imdsim fault throttled"),
    ("imdsim fault list", "imdsim fault list --json"),
    ("imdsim fault clear", "imdsim fault clear throttled"),
    ("imdsim reset", "imdsim reset --url http://127.0.0.1:4719"),
];

/// Adds them to a command and its subcommands.
pub(super) fn complete(grammar: Command) -> Command {
    let name = grammar.get_name().to_owned();
    with(grammar, &name)
}

fn with(command: Command, path: &str) -> Command {
    let name = command.get_name().to_owned();
    let idle = aemm::idle(&name);
    let command = command
        .mut_args(|flag| {
            let is_idle = idle.contains(&flag.get_id().as_str());
            with_variable(flag, &name).hide(is_idle)
        })
        .mut_subcommands(|below| {
            let path = format!("{path} {}", below.get_name());
            with(below, &path)
        });
    match EXAMPLES.iter().find(|(known, _)| *known == path) {
        Some((_, example)) => command.after_help(format!("Example: {example}")),
        None => command,
    }
}

/// Appends the name of the flag's environment variable to its help.
fn with_variable(flag: Arg, command: &str) -> Arg {
    let Some(variable) = variable(&flag, command) else {
        return flag;
    };
    let help = flag.get_help().map(ToString::to_string);
    let help = format!("{} [env: {variable}]", help.unwrap_or_default());
    flag.help(help)
}

fn variable(flag: &Arg, command: &str) -> Option<String> {
    if let Some(variable) = flag
        .get_long()
        .and_then(|long| aemm::variable_of(command, long))
    {
        return Some(variable);
    }
    match flag.get_id().as_str() {
        "url" => Some(URL_VARIABLE.to_owned()),
        "config" => Some(DOCUMENT_VARIABLE.to_owned()),
        key if imdsim::KEYS.contains(&key) => {
            Some(format!("{VARIABLE_PREFIX}{}", key.to_ascii_uppercase()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::grammar;
    use super::*;

    fn all(command: &Command, path: &str, found: &mut Vec<(String, Command)>) {
        found.push((path.to_owned(), command.clone()));
        for below in command.get_subcommands() {
            all(below, &format!("{path} {}", below.get_name()), found);
        }
    }

    fn commands() -> Vec<(String, Command)> {
        let mut found = Vec::new();
        all(&grammar(), "imdsim", &mut found);
        found
    }

    #[test]
    fn every_command_has_an_example() {
        for (path, command) in commands() {
            let example = command.get_after_help().map(ToString::to_string);
            let expected = format!("Example: {path}");
            assert!(
                example.is_some_and(|example| example.starts_with(&expected)),
                "{path}"
            );
        }
    }

    #[test]
    fn every_example_parses() {
        for (_, example) in EXAMPLES {
            let line = example.split(" > ").next().unwrap_or_default();
            let words = line.split(' ').map(|word| word.trim_matches('\''));
            let matches = grammar().try_get_matches_from(words);
            assert!(matches.is_ok(), "{example}: {:?}", matches.err());
        }
    }

    #[test]
    fn every_choice_has_a_default() {
        for (path, command) in commands() {
            for flag in command.get_arguments() {
                let values = flag.get_value_names().unwrap_or_default();
                let is_choice = values.iter().any(|values| values.contains('|'));
                let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
                let is_filter = path == "imdsim requests";
                assert!(
                    !is_choice || is_filter || help.contains("[default: "),
                    "{path}: {}: {help}",
                    flag.get_id()
                );
            }
        }
    }

    #[test]
    fn flags_name_their_variables() {
        let spot = grammar();
        let spot = spot.find_subcommand("spot").unwrap();
        for (id, expected) in [
            ("http_tokens", "[env: IMDSIM_HTTP_TOKENS]"),
            ("url", "[env: IMDSIM_URL]"),
            ("config", "[env: IMDSIM_CONFIG]"),
            ("action", "[env: AEMM_SPOT_ACTION]"),
            ("port", "[env: AEMM_SERVER_PORT]"),
            ("mock_delay_sec", "[env: AEMM_MOCK_DELAY_SEC]"),
        ] {
            let mut flags = spot.get_arguments();
            let flag = flags.find(|flag| flag.get_id() == id).unwrap();
            let help = flag.get_help().unwrap().to_string();
            assert!(help.ends_with(expected), "{id}: {help}");
        }
    }
}

//! Converts clap's errors into one sentence.

use std::ffi::OsString;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::error::Failure;

/// Converts a clap error into one sentence.
pub(super) fn condense(error: &clap::Error, grammar: &Command, arguments: &[OsString]) -> Failure {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    };
    let argument = text(ContextKind::InvalidArg);
    let place = argument.split([' ', '=']).next().unwrap_or_default();
    let value = text(ContextKind::InvalidValue);
    let suggestion = text(ContextKind::SuggestedArg);
    let (path, command) = innermost(grammar, arguments);
    let remedy = if suggestion.is_empty() {
        format!("see `{path} --help`")
    } else {
        format!("did you mean `{suggestion}`? See `{path} --help`")
    };
    match error.kind() {
        ErrorKind::UnknownArgument if !place.starts_with('-') => {
            Failure::new(place, format!("unexpected argument of `{path}`"), remedy)
        }
        ErrorKind::UnknownArgument if is_known(grammar, place) => {
            let what = match path.split_once(' ') {
                Some((_, command)) => format!("`{command}` does not take this flag"),
                None => "this flag needs a command".to_owned(),
            };
            Failure::new(place, what, format!("see `{path} --help`"))
        }
        ErrorKind::UnknownArgument => Failure::new(place, "unknown flag", remedy),
        ErrorKind::InvalidSubcommand => Failure::new(
            text(ContextKind::InvalidSubcommand),
            "unknown command",
            match error.get(ContextKind::SuggestedSubcommand) {
                // clap puts the most similar one last.
                Some(ContextValue::Strings(names)) => names.last(),
                Some(ContextValue::String(name)) => Some(name),
                _ => None,
            }
            .map_or(remedy, |name| {
                format!("did you mean `{name}`? See `{path} --help`")
            }),
        ),
        ErrorKind::MissingRequiredArgument => {
            let all = match error.get(ContextKind::InvalidArg) {
                Some(ContextValue::Strings(missing)) => &missing[..],
                _ => &[],
            };
            let positions = command.get_positionals().map(ToString::to_string);
            let missing: Vec<_> = positions
                .filter(|name| all.contains(name))
                .map(|name| name.trim_matches(['<', '>']).to_owned())
                .collect();
            let what = match &missing[..] {
                [] => format!("{} is missing", argument.trim_matches(['<', '>'])),
                [name] => format!("{name} is missing"),
                names => format!("{} are missing", names.join(" and ")),
            };
            Failure::new(&path, what, remedy)
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            Failure::new(place, "the value is missing", remedy)
        }
        ErrorKind::InvalidValue => Failure::new(
            place,
            format!("{value:?} is not one of {}", text(ContextKind::ValidValue)),
            remedy,
        ),
        ErrorKind::ArgumentConflict => {
            let other = text(ContextKind::PriorArg);
            let other = other.split([' ', '=']).next().unwrap_or_default();
            if other.is_empty() || other == place {
                Failure::new(place, "given more than once", remedy)
            } else {
                let what = format!("cannot be combined with {other}");
                Failure::new(place, what, remedy)
            }
        }
        ErrorKind::TooManyValues => Failure::new(place, "this flag takes no value", remedy),
        ErrorKind::InvalidUtf8 => Failure::new("the command line", "not UTF-8 text", remedy),
        _ => {
            let rendered = error.render().to_string();
            let first = rendered.lines().next().unwrap_or_default();
            let what = first.trim_start_matches("error: ");
            Failure::new("the command line", what, remedy)
        }
    }
}

/// Returns the innermost command of the arguments, and its full name.
fn innermost<'c>(grammar: &'c Command, arguments: &[OsString]) -> (String, &'c Command) {
    let mut path = grammar.get_name().to_owned();
    let mut command = grammar;
    for word in arguments.iter().skip(1) {
        let Some(below) = command.find_subcommand(word) else {
            break;
        };
        path = format!("{path} {}", below.get_name());
        command = below;
    }
    (path, command)
}

/// Whether any command has a flag of this name.
fn is_known(command: &Command, flag: &str) -> bool {
    let mut flags = command.get_arguments();
    let is_own = flags.any(|own| match flag.strip_prefix("--") {
        Some(long) => own.get_long() == Some(long),
        None => own.get_short().is_some() && own.get_short() == flag.chars().nth(1),
    });
    is_own || command.get_subcommands().any(|below| is_known(below, flag))
}

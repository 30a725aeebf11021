//! Flags of a command that stand before it, as the mock takes them: they are
//! put behind it.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};

use clap::{Arg, Command};

/// The commands whose own flags may stand before them.
const COMMANDS: [&str; 3] = ["spot", "events", "asglifecycle"];

/// Puts what is no flag of every command behind the command; whatever is not
/// understood stays as it is, for clap to complain of.
pub(super) fn commands_first(arguments: Vec<OsString>, grammar: &Command) -> Vec<OsString> {
    let mut left: VecDeque<_> = arguments.iter().cloned().collect();
    let mut before: Vec<_> = left.pop_front().into_iter().collect();
    let mut behind = Vec::new();
    while let Some(argument) = left.pop_front() {
        let text = argument.to_string_lossy().into_owned();
        if text == "--" {
            break;
        }
        if !text.starts_with('-') || text == "-" {
            let command = grammar.find_subcommand(&argument);
            if behind.is_empty() || !command.is_some_and(is_the_mocks) {
                break;
            }
            before.push(argument);
            before.append(&mut behind);
            before.extend(left);
            return before;
        }
        let known = find(grammar, &text);
        let commands = grammar.get_subcommands().filter(|one| is_the_mocks(one));
        let flag = known.or_else(|| commands.into_iter().find_map(|one| find(one, &text)));
        let place = if known.is_some() {
            &mut before
        } else {
            &mut behind
        };
        place.push(argument);
        if flag.is_some_and(|flag| takes_next(flag, &text)) {
            place.extend(left.pop_front());
        }
    }
    arguments
}

fn is_the_mocks(command: &Command) -> bool {
    COMMANDS.contains(&command.get_name())
}

/// The flag that an argument begins with.
fn find<'c>(command: &'c Command, argument: &str) -> Option<&'c Arg> {
    let name = argument.split('=').next().unwrap_or_default();
    command
        .get_arguments()
        .find(|flag| match name.strip_prefix("--") {
            Some(long) => {
                let aliases = flag.get_all_aliases().unwrap_or_default();
                flag.get_long() == Some(long) || aliases.contains(&long)
            }
            None => flag.get_short() == name.chars().nth(1),
        })
}

/// Whether the value of the flag is the next argument.
fn takes_next(flag: &Arg, argument: &str) -> bool {
    let is_alone = match argument.strip_prefix("--") {
        Some(long) => !long.contains('='),
        None => OsStr::new(argument).len() == 2,
    };
    is_alone && flag.get_action().takes_values() && !flag.is_require_equals_set()
}

#[cfg(test)]
mod tests {

    use super::super::grammar;
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        let ordered = commands_first(words(line), &grammar());
        assert_eq!(ordered, words(expected));
    }

    #[test]
    fn flags_of_a_command_are_put_behind_it() {
        check("imdsim -a stop spot -d 5", "imdsim spot -a stop -d 5");
        check(
            "imdsim --addr spot -I --code=x -tactive --not-after y se",
            "imdsim --addr spot -I se --code=x -tactive --not-after y",
        );
    }

    #[test]
    fn everything_else_stays_where_it_is() {
        for line in [
            "imdsim",
            "imdsim -d 5 spot -a stop",
            "imdsim --state FILE events --state active",
            "imdsim --zzz serve",
            "imdsim -a stop",
            "imdsim -- -a stop spot",
        ] {
            check(line, line);
        }
    }
}

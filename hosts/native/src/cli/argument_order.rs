//! Moves flags behind the innermost command: the mock accepts flags before its
//! command, and clap only behind it.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};

use clap::{Arg, Command, Id};

/// A flag with its value, and its id if it belongs to the command it followed.
struct Moved {
    id: Option<Id>,
    words: Vec<OsString>,
}

/// Moves flags behind the innermost command. Unknown arguments stay in place,
/// for clap to reject.
pub(super) fn commands_first(arguments: Vec<OsString>, grammar: &Command) -> Vec<OsString> {
    let mut left = VecDeque::from(arguments);
    let mut ordered: Vec<_> = left.pop_front().into_iter().collect();
    let mut moved = Vec::<Moved>::new();
    let mut level = grammar;
    while level.has_subcommands()
        && let Some(argument) = left.pop_front()
    {
        let text = argument.to_string_lossy().into_owned();
        let is_flag = text.len() > 1 && text.starts_with('-');
        if !is_flag && let Some(below) = level.find_subcommand(&argument) {
            ordered.push(argument);
            for flag in &mut moved {
                flag.rename(below);
            }
            level = below;
            continue;
        }
        if !is_flag || text == "--" {
            left.push_front(argument);
            break;
        }
        let own = level.get_arguments().find(|flag| is(flag, &text));
        let flag = own.or_else(|| find_below(level, &text));
        let mut words = vec![argument];
        if flag.is_some_and(|flag| takes_next(flag, &text)) {
            words.extend(left.pop_front());
        }
        let id = own.map(|flag| flag.get_id().clone());
        moved.push(Moved { id, words });
    }
    ordered.extend(moved.into_iter().flat_map(|flag| flag.words));
    ordered.extend(left);
    ordered
}

impl Moved {
    /// Renames the flag to the long name it has in the new command: the mock's
    /// `events` has a `--state` of its own.
    fn rename(&mut self, command: &Command) {
        let same = |flag: &&Arg| Some(flag.get_id()) == self.id.as_ref();
        let name = command.get_arguments().find(same).and_then(Arg::get_long);
        let (Some(name), Some(word)) = (name, self.words.first_mut()) else {
            return;
        };
        let text = word.to_string_lossy().into_owned();
        let Some(name_and_value) = text.strip_prefix("--") else {
            return;
        };
        match name_and_value.split_once('=') {
            None => *word = format!("--{name}").into(),
            Some((_, value)) => *word = format!("--{name}={value}").into(),
        }
    }
}

/// Finds a flag in the commands below this one.
fn find_below<'c>(level: &'c Command, argument: &str) -> Option<&'c Arg> {
    level.get_subcommands().find_map(|command| {
        let own = command.get_arguments().find(|flag| is(flag, argument));
        own.or_else(|| find_below(command, argument))
    })
}

/// Whether an argument names the flag.
fn is(flag: &Arg, argument: &str) -> bool {
    let name = argument.split('=').next().unwrap_or_default();
    match name.strip_prefix("--") {
        Some(long) => {
            let aliases = flag.get_all_aliases().unwrap_or_default();
            flag.get_long() == Some(long) || aliases.contains(&long)
        }
        None => flag.get_short().is_some() && flag.get_short() == name.chars().nth(1),
    }
}

/// Whether the next argument is the flag's value.
fn takes_next(flag: &Arg, argument: &str) -> bool {
    let is_alone = match argument.strip_prefix("--") {
        Some(long) => !long.contains('='),
        None => OsStr::new(argument).len() == 2,
    };
    is_alone && flag.get_action().takes_values() && !flag.is_require_equals_set()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::line::grammar;
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        let ordered = commands_first(words(line), &grammar());
        assert_eq!(ordered, words(expected));
    }

    #[test]
    fn flags_are_moved_behind_the_command() {
        check("imdsim -a stop spot -d 5", "imdsim spot -a stop -d 5");
        check("imdsim -d 5 spot -a stop", "imdsim spot -d 5 -a stop");
        check(
            "imdsim --addr spot -I --code=x -tactive --not-after y se",
            "imdsim se --addr spot -I --code=x -tactive --not-after y",
        );
        check(
            "imdsim --instance f run a --b",
            "imdsim run --instance f a --b",
        );
        check("imdsim --zzz serve", "imdsim serve --zzz");
    }

    #[test]
    fn flags_between_two_commands_are_moved_behind_both() {
        check(
            "imdsim --url u events --admin-token t cancel 1",
            "imdsim events cancel --url u --admin-token t 1",
        );
        check(
            "imdsim fault --url u throttled",
            "imdsim fault --url u throttled",
        );
    }

    #[test]
    fn a_state_file_before_events_becomes_state_file() {
        check(
            "imdsim --state FILE events --state active",
            "imdsim events --state-file FILE --state active",
        );
        check("imdsim --state=FILE se", "imdsim se --state-file=FILE");
    }

    #[test]
    fn other_arguments_stay_in_place() {
        for line in [
            "imdsim",
            "imdsim -a stop",
            "imdsim -- -a stop spot",
            "imdsim brew -I spot",
        ] {
            check(line, line);
        }
    }

    /// Otherwise a value could not be told from a command.
    #[test]
    fn a_flag_takes_a_value_in_all_commands_or_none() {
        fn collect(command: &Command, known: &mut BTreeMap<String, bool>) {
            for flag in command.get_arguments() {
                let long = flag.get_long().map(|long| format!("--{long}"));
                let short = flag.get_short().map(|short| format!("-{short}"));
                for name in long.into_iter().chain(short) {
                    let takes = takes_next(flag, &name);
                    assert_eq!(*known.entry(name.clone()).or_insert(takes), takes, "{name}");
                }
            }
            for below in command.get_subcommands() {
                collect(below, known);
            }
        }
        collect(&grammar(), &mut BTreeMap::new());
    }
}

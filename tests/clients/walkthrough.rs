//! Pages of the documentation, each followed from top to bottom by one shell in
//! a network of its own, with an emulator in the background.

use std::fmt::Write as _;
use std::path::PathBuf;

use libtest_mimic::{Failed, Trial};

use crate::page::{Block, Page};
use crate::snippets::{Workplace, run};
use crate::transcript::files;
use crate::trial;

/// One trial for each page that has something to run. The pages about tools
/// have trials of their own.
pub(crate) fn trials(outside: Option<&str>) -> Vec<Trial> {
    let pages = pages().into_iter().filter(|path| {
        let steps = Page::read(path).blocks;
        steps.iter().any(|block| !steps_of(block).is_empty())
    });
    pages
        .map(|path| {
            let name = format!("{path}: everything happens as it stands there");
            trial(name, outside, move || follow(&Page::read(&path)))
        })
        .collect()
}

/// By their paths below the repository.
fn pages() -> Vec<String> {
    let root = files::folder().join("..");
    let mut pages = vec!["README.md".to_owned()];
    for folder in ["docs", "docs/hosts"] {
        let entries = std::fs::read_dir(root.join(folder)).unwrap();
        let names = entries.map(|entry| PathBuf::from(entry.unwrap().file_name()));
        let names = names.filter(|name| name.extension().is_some_and(|end| end == "md"));
        pages.extend(names.map(|name| format!("{folder}/{}", name.display())));
    }
    pages.sort();
    pages
}

/// A command, and what the page says that it prints; `None` if it has only to
/// succeed.
pub(crate) struct Step {
    pub(crate) command: String,
    output: Option<String>,
}

/// The steps of a block, which are none if it is not run.
fn steps_of(block: &Block) -> Vec<Step> {
    if !block.runs || block.name.is_some() {
        return Vec::new();
    }
    match &*block.language {
        "sh" => vec![Step {
            command: block.text.clone(),
            output: None,
        }],
        "console" => console(&block.text),
        _ => Vec::new(),
    }
}

/// A line with a prompt is a command, others are what it prints.
pub(crate) fn console(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                command: command.to_owned(),
                output: Some(String::new()),
            });
        } else if let Some(Some(output)) = steps.last_mut().map(|step| step.output.as_mut()) {
            output.push_str(line);
            output.push('\n');
        }
    }
    steps
}

/// Runs a page's steps and compares their output.
fn follow(page: &Page) -> Result<(), Failed> {
    let steps: Vec<_> = page.blocks.iter().flat_map(steps_of).collect();
    let printed = play(&Workplace::with([page]), &steps)?;
    for (step, printed) in steps.iter().zip(printed) {
        if let Some(expected) = &step.output
            && !matches(expected.trim_end(), printed.trim_end())
        {
            return Err(format!(
                "`{}` should print\n{expected}\nbut prints\n{printed}",
                step.command
            )
            .into());
        }
    }
    Ok(())
}

/// Runs the steps one after the other, and returns what each of them prints.
pub(crate) fn play(workplace: &Workplace, steps: &[Step]) -> Result<Vec<String>, Failed> {
    let (_, printed) =
        run(workplace
            .command("unshare")
            .args(["--net", "bash", "-c", &script(steps)]))?;
    let mut parts = printed.split(MARK);
    let before = parts.next().unwrap_or_default();
    let outputs = steps.iter().map(|step| {
        let command = step.command.trim();
        let part = parts
            .next()
            .ok_or_else(|| format!("`{command}` was not reached:\n{before}"))?;
        let (output, _) = part
            .rsplit_once(END)
            .ok_or_else(|| format!("`{command}` failed:\n{part}"))?;
        Ok(output.to_owned())
    });
    outputs.collect()
}

/// Precedes the output of a step.
const MARK: &str = "\n@@ next\n";
/// Ends it, before the exit status.
const END: &str = "\n@@ status ";

/// The steps for a shell, each between marks.
fn script(steps: &[Step]) -> String {
    let mut script = PRELUDE.to_owned();
    for Step { command, output } in steps {
        let strict = if output.is_none() { "-" } else { "+" };
        write!(
            script,
            "printf '\\n@@ next\\n'; set {strict}e\n{command}\nprintf '\\n@@ status %s\\n' $?\n"
        )
        .unwrap();
    }
    script
}

/// `imdsim` that would serve until it is stopped does so in the background,
/// once it is ready, in place of the one before. `curl` has no terminal to
/// print to, and would show its progress.
const PRELUDE: &str = r#"
exec 2>&1
ip link set lo up
server=
stop() { if [ -n "$server" ]; then kill "$server"; wait "$server"; server=; fi 2>/dev/null; }
trap stop EXIT
curl() { command curl -sS "$@"; }
imdsim() {
  case "${1-} ${2-}" in
  "--url "* | "events list" | "events cancel") command imdsim "$@"; return ;;
  " "* | -* | "spot "* | "events "* | "asglifecycle "*) ;;
  *) command imdsim "$@"; return ;;
  esac
  stop
  exec 3< <(exec imdsim "$@" 2>&1)
  server=$!
  while IFS= read -r line <&3; do
    printf '%s\n' "$line"
    case "$line" in "Serving HTTP on "*) return 0 ;; esac
  done
  return 2
}
imdsim --quiet >/dev/null
"#;

/// Whether the output matches the page: times may differ, and `…` is any text.
fn matches(expected: &str, printed: &str) -> bool {
    let (expected, printed) = (without_times(expected), without_times(printed));
    let mut rest = &*printed;
    let mut parts = expected.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else {
        return false;
    };
    rest = after;
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last.trim_start_matches('\n'))
}

/// The text with `TIME` for every moment in RFC 3339.
fn without_times(text: &str) -> String {
    const FORM: &[u8] = b"0000-00-00T00:00:00";
    let mut out = String::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let bytes = rest.as_bytes();
        let is_time = bytes.len() >= FORM.len()
            && FORM.iter().zip(bytes).all(|(form, byte)| match form {
                b'0' => byte.is_ascii_digit(),
                other => byte == other,
            });
        if is_time {
            out.push_str("TIME");
            rest = rest[FORM.len()..].trim_start_matches(|char: char| {
                char == '.' || char == 'Z' || char.is_ascii_digit()
            });
        } else {
            out.push(char);
            rest = &rest[char.len_utf8()..];
        }
    }
    out
}

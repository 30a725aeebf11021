//! Commands of the documentation. One shell per page runs them in order, in its
//! own network namespace, with an emulator in the background.

use std::fmt::Write as _;
use std::path::PathBuf;

use libtest_mimic::{Failed, Trial};

use crate::page::{Block, Page};
use crate::snippets::{TestDir, run};
use crate::transcript::files;
use crate::trial;

/// One trial for each page with commands to run, except the pages about tools,
/// which [`snippets`](crate::snippets) tests.
pub(crate) fn trials(no_namespace: Option<&str>) -> Vec<Trial> {
    let pages = pages().into_iter().filter(|path| {
        let blocks = Page::read(path).blocks;
        blocks.iter().any(|block| !steps_of(block).is_empty())
    });
    pages
        .map(|path| {
            let name = format!("{path}: commands print the documented output");
            trial(name, no_namespace, move || check_page(&Page::read(&path)))
        })
        .collect()
}

/// The paths of the pages in the repository.
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

/// A command and its documented output.
pub(crate) struct Step {
    pub(crate) command: String,
    /// `None` if the page shows no output, and the command need only succeed.
    expected: Option<String>,
}

/// The steps of a block, none if it does not run.
fn steps_of(block: &Block) -> Vec<Step> {
    if !block.runs || block.name.is_some() {
        return Vec::new();
    }
    match &*block.language {
        "sh" => vec![Step {
            command: block.text.clone(),
            expected: None,
        }],
        "console" => parse_console(&block.text),
        _ => Vec::new(),
    }
}

/// Parses a console block: lines with a prompt are commands, others are output.
pub(crate) fn parse_console(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                command: command.to_owned(),
                expected: Some(String::new()),
            });
        } else if let Some(Some(expected)) = steps.last_mut().map(|step| step.expected.as_mut()) {
            expected.push_str(line);
            expected.push('\n');
        }
    }
    steps
}

/// Runs a page's steps and compares their output.
fn check_page(page: &Page) -> Result<(), Failed> {
    let steps: Vec<_> = page.blocks.iter().flat_map(steps_of).collect();
    let outputs = run_steps(&TestDir::with_files_of([page]), &steps)?;
    for (step, output) in steps.iter().zip(outputs) {
        if let Some(expected) = &step.expected
            && !matches(expected.trim_end(), output.trim_end())
        {
            return Err(format!(
                "`{}` should print\n{expected}\nbut prints\n{output}",
                step.command
            )
            .into());
        }
    }
    Ok(())
}

/// Runs the steps in one shell and returns the output of each.
pub(crate) fn run_steps(dir: &TestDir, steps: &[Step]) -> Result<Vec<String>, Failed> {
    let (_, output) = run(dir
        .command("unshare")
        .args(["--net", "bash", "-c", &script(steps)]))?;
    let mut parts = output.split(STEP_START);
    let before = parts.next().unwrap_or_default();
    let outputs = steps.iter().map(|step| {
        let command = step.command.trim();
        let part = parts
            .next()
            .ok_or_else(|| format!("`{command}` was not reached:\n{before}"))?;
        let (output, _) = part
            .rsplit_once(STEP_END)
            .ok_or_else(|| format!("`{command}` failed:\n{part}"))?;
        Ok(output.to_owned())
    });
    outputs.collect()
}

/// Precedes the output of a step.
const STEP_START: &str = "\n@@ next\n";
/// Ends the output of a step, before the exit status.
const STEP_END: &str = "\n@@ status ";

/// The shell script that prints the marks around each step's output.
fn script(steps: &[Step]) -> String {
    let mut script = PRELUDE.to_owned();
    for Step { command, expected } in steps {
        let strict = if expected.is_none() { "-" } else { "+" };
        write!(
            script,
            "printf '\\n@@ next\\n'; set {strict}e\n{command}\nprintf '\\n@@ status %s\\n' $?\n"
        )
        .unwrap();
    }
    script
}

/// The beginning of the script. `imdsim` commands that serve start in the
/// background, replace the previous emulator and return when it is ready. `curl`
/// gets flags against its progress meter, which it shows without a terminal.
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
fn matches(expected: &str, output: &str) -> bool {
    let (expected, output) = (without_times(expected), without_times(output));
    let mut rest = &*output;
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

/// Replaces every RFC 3339 time with `TIME`.
fn without_times(text: &str) -> String {
    const PATTERN: &[u8] = b"0000-00-00T00:00:00";
    let mut out = String::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let bytes = rest.as_bytes();
        let is_time = bytes.len() >= PATTERN.len()
            && PATTERN
                .iter()
                .zip(bytes)
                .all(|(pattern, byte)| match pattern {
                    b'0' => byte.is_ascii_digit(),
                    other => byte == other,
                });
        if is_time {
            out.push_str("TIME");
            rest = rest[PATTERN.len()..].trim_start_matches(|char: char| {
                char == '.' || char == 'Z' || char.is_ascii_digit()
            });
        } else {
            out.push(char);
            rest = &rest[char.len_utf8()..];
        }
    }
    out
}

//! The command `tree`: prints the emulated metadata without serving it.

use std::io::{self, BufWriter, Write};
use std::time::SystemTime;

use anstyle::{AnsiColor, Style};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use imdsim::{
    Branch, Config, Content, ImdsVersion, LATEST, Node, ResolvedInstance, State, UnixMillis, crawl,
};
use serde_json::{Map, Value, json};

use crate::error::Failure;
use crate::settings::{self, SettingsFlags};

/// Output flags.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Output")]
#[group(skip)]
pub(crate) struct TreeFlags {
    /// The API version [default: latest]
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

const DIRECTORY: Style = AnsiColor::Blue.on_default().bold();
const LEAF: Style = AnsiColor::Cyan.on_default();
const REMARK: Style = Style::new().dimmed();

/// Prints the tree of one API version.
pub(crate) fn tree(settings: &SettingsFlags, flags: &TreeFlags) -> Result<(), Failure> {
    let settings = settings::gather(settings, std::env::vars_os())?;
    let config = Config::new(&settings)?;
    let now = config.frozen_time.unwrap_or_else(now);
    let resolved = ResolvedInstance::new(config, State::default(), now)?;
    let view = resolved.view(now, ImdsVersion::V2);
    let version = flags.version.as_deref().unwrap_or(LATEST);
    let versions = &resolved.instance.versions;
    if version != LATEST && !versions.iter().any(|known| known == version) {
        return Err(Failure::new(
            "--version",
            format_args!("{version:?} is not served"),
            format_args!("give one of {}, {LATEST}", versions.join(", ")),
        ));
    }
    let branches = crawl(&view, version);
    let mut out = BufWriter::new(anstream::stdout());
    let printed = if flags.json {
        writeln!(out, "{:#}", as_json(&branches))
    } else {
        paint(&mut out, &branches, 0)
    };
    // A closed stdout, as by `head`, is not an error.
    let _ = printed.and_then(|()| out.flush());
    Ok(())
}

fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    UnixMillis::from_seconds(i64::try_from(seconds).unwrap_or_default())
}

/// Prints names indented by depth, with values beside them. Multi-line values
/// follow below their name.
fn paint(out: &mut impl Write, branches: &[Branch<'_>], depth: usize) -> io::Result<()> {
    let is_leaf = |branch: &&Branch<'_>| matches!(branch.content, Content::Leaf(_));
    let width = branches
        .iter()
        .filter(is_leaf)
        .map(|branch| branch.name.chars().count())
        .max();
    let width = width.unwrap_or_default();
    let margin = "  ".repeat(depth);
    for Branch { name, content } in branches {
        let leaf = match content {
            Content::Leaf(leaf) => leaf,
            Content::Directory(below) => {
                writeln!(out, "{margin}{DIRECTORY}{name}/{DIRECTORY:#}")?;
                paint(out, below, depth + 1)?;
                continue;
            }
        };
        let padding = " ".repeat(width - name.chars().count());
        write!(out, "{margin}{LEAF}{name}{LEAF:#}")?;
        match printed(leaf) {
            Printed::Line(line) => writeln!(out, "{padding}  {line}")?,
            Printed::Remark(remark) => writeln!(out, "{padding}  {REMARK}({remark}){REMARK:#}")?,
            Printed::Lines(lines) => {
                writeln!(out)?;
                for line in lines {
                    writeln!(out, "{margin}  {line}")?;
                }
            }
        }
    }
    Ok(())
}

/// A value as it is printed.
enum Printed<'a> {
    Line(&'a str),
    Lines(Vec<&'a str>),
    Remark(String),
}

fn printed<'a>(leaf: &'a Node<'_>) -> Printed<'a> {
    let bytes = leaf.bytes();
    match std::str::from_utf8(bytes) {
        Ok("") => Printed::Remark("empty".to_owned()),
        Ok(text)
            if text
                .chars()
                .any(|c| c.is_control() && c != '\n' && c != '\t') =>
        {
            Printed::Remark(format!("{} bytes with control characters", bytes.len()))
        }
        Ok(text) => match text.trim_end_matches('\n') {
            line if !line.contains('\n') => Printed::Line(line),
            lines => Printed::Lines(lines.lines().collect()),
        },
        Err(_) => Printed::Remark(format!("{} bytes that are not text", bytes.len())),
    }
}

/// Converts directories to objects and leaves to strings. Binary leaves become
/// `{"base64": "…"}`.
fn as_json(branches: &[Branch<'_>]) -> Value {
    let fields: Map<_, _> = branches
        .iter()
        .map(|Branch { name, content }| {
            let value = match content {
                Content::Directory(below) => as_json(below),
                Content::Leaf(leaf) => match std::str::from_utf8(leaf.bytes()) {
                    Ok(text) => text.into(),
                    Err(_) => json!({ "base64": STANDARD.encode(leaf.bytes()) }),
                },
            };
            (name.clone(), value)
        })
        .collect();
    Value::Object(fields)
}

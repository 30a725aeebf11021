//! `docs/terminal.svg`: a recorded terminal session.

use std::fmt::Write as _;

use libtest_mimic::{Failed, Trial};

use crate::page::Page;
use crate::snippets::TestDir;
use crate::transcript::files;
use crate::walkthrough::{parse_console, run_steps};

/// The commands of the session, with a frozen clock for a stable output.
const SESSION: &str = "\
$ imdsim --frozen-time 2026-12-01T10:00:00Z
$ curl http://localhost:4719/latest/meta-data/placement/availability-zone
$ imdsim --url http://localhost:4719 spot --action stop --in 5m
$ curl -o /dev/null -w '%{http_code}' http://localhost:4719/latest/meta-data/spot/instance-action
$ imdsim shift +5m
$ curl http://localhost:4719/latest/meta-data/spot/instance-action
$ imdsim run --namespace -- curl -s http://169.254.169.254/latest/meta-data/iam/security-credentials/
";

pub(crate) fn trial(no_namespace: Option<&str>) -> Trial {
    crate::trial(
        "docs/terminal.svg shows a real session".into(),
        no_namespace,
        || {
            let svg = draw(&session()?);
            files::golden("../../docs/terminal.svg", &svg).map_err(Failed::from)
        },
    )
}

/// Runs the session and returns the lines on the terminal.
fn session() -> Result<Vec<String>, Failed> {
    let steps = parse_console(SESSION);
    let outputs = run_steps(&TestDir::with_files_of([] as [&Page; 0]), &steps)?;
    let mut lines = Vec::new();
    for (step, output) in steps.iter().zip(outputs) {
        lines.push(format!("$ {}", step.command));
        // The picture omits the summary of `imdsim run`.
        let output = output.lines().filter(|line| !line.starts_with("imdsim: "));
        lines.extend(output.map(str::to_owned));
    }
    Ok(lines)
}

const LINE_HEIGHT: usize = 20;
const CHAR_WIDTH: usize = 8;
const MARGIN: usize = 16;

/// Draws the lines as an SVG image, commands in green.
fn draw(lines: &[String]) -> String {
    let columns = lines.iter().map(|line| line.chars().count()).max();
    let width = 2 * MARGIN + CHAR_WIDTH * columns.unwrap_or_default();
    let height = 2 * MARGIN + LINE_HEIGHT * lines.len();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\">\n\
         <title>A session with imdsim at a terminal</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#1b1f27\"/>\n\
         <g font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"13\" \
         fill=\"#c8ccd4\">\n"
    );
    for (number, line) in lines.iter().enumerate() {
        let y = MARGIN + LINE_HEIGHT * number + LINE_HEIGHT * 3 / 4;
        let fill = if line.starts_with("$ ") {
            " fill=\"#98c379\""
        } else {
            ""
        };
        let text = escape(line);
        writeln!(
            svg,
            "<text x=\"{MARGIN}\" y=\"{y}\" xml:space=\"preserve\"{fill}>{text}</text>"
        )
        .unwrap();
    }
    svg + "</g>\n</svg>\n"
}

fn escape(line: &str) -> String {
    line.replace('&', "&amp;").replace('<', "&lt;")
}

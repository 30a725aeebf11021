//! Development tasks: `cargo xtask dist`, `cargo xtask bench`,
//! `cargo xtask clients`, `cargo xtask tables`.
#![allow(clippy::print_stdout, reason = "command-line output")]

mod bench;
mod clients;
mod dist;
mod tables;

use std::path::PathBuf;

use anyhow::{Result, bail};

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  dist    build the components into dist/ and print their sizes
  bench   benchmark the native program against a bare hyper server, with and
          without a journal; print requests per second, p50, p99 and the ratio.
          Issue many tokens at once and print the growth in memory. Then the
          same as `bench cold`
  bench cold
          benchmark the components against a minimal one under wasmtime serve
          and on the host of tests/spin, with a new instance for each request,
          and with a large instance; print the same, and instructions per
          request if valgrind is on the PATH
  bench walk
          request 90 paths over one kept-alive connection and print the native
          program's CPU time
  clients run every installed real client, print the results, and write them
          to docs/clients.md; .ci/clients installs the clients
  tables --botocore DIR [--instance-types FILE] [--network-cards FILE]
          compare the tables of Regions and instance types with AWS's data,
          print the differences, and fail if there are any. DIR is the unpacked
          botocore; the files are the output of `aws ec2
          describe-instance-types` and the page \"Elastic network interfaces\"
          of the EC2 User Guide in Markdown";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if_eq("tables").is_some() {
        return tables::run(arguments);
    }
    match (arguments.next().as_deref(), arguments.next().as_deref()) {
        (Some("dist"), None) => dist::run(),
        (Some("clients"), None) => clients::run(),
        (Some("bench"), None) => bench::run(),
        (Some("bench"), Some("cold")) => bench::cold::run(),
        (Some("bench"), Some("walk")) => bench::walk::run(),
        // Started by `bench` as a separate process.
        (Some("baseline"), None) => bench::baseline::serve(),
        (Some("help" | "--help" | "-h") | None, _) => {
            println!("{USAGE}");
            Ok(())
        }
        (Some(command @ ("dist" | "clients" | "bench")), Some(argument)) => bail!(
            "{argument:?}: unexpected argument of `cargo xtask {command}`; see `cargo xtask help`"
        ),
        (Some(command), _) => bail!("{command:?} is not a command; see `cargo xtask help`"),
    }
}

/// Cargo's target folder.
fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || imdsim_guest::workspace_root().join("target"),
        PathBuf::from,
    )
}

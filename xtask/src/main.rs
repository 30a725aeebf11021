//! What the project does to itself: `cargo xtask dist`, `cargo xtask bench`,
//! `cargo xtask clients`, `cargo xtask tables`.
#![allow(clippy::print_stdout, reason = "this program talks to a person")]

mod bench;
mod clients;
mod compose;
mod dist;
mod tables;

use std::path::PathBuf;

use anyhow::{Result, bail};

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  dist    build the components into dist/ and print their sizes
  bench   drive the native program and a bare hyper server with the same load,
          then itself with and without a journal, then both kinds of component
          under wasmtime serve, and print requests per second, p50, p99 and the
          ratio; and see whether a rush for tokens leaves its memory as it was
  bench walk
          walk 90 paths over one kept-alive connection and print what of that
          is the native program's time
  clients run every real client that is installed, print what became of each,
          and write that to docs/clients.md; .ci/clients installs them
  tables --botocore DIR [--instance-types FILE] [--network-cards FILE]
          compare the tables of Regions and instance types with what AWS
          publishes, print the differences, and fail if there are any. DIR is
          botocore, unpacked; the files are what `aws ec2
          describe-instance-types` prints and the page \"Elastic network
          interfaces\" of the EC2 User Guide in Markdown";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if_eq("tables").is_some() {
        return tables::run(arguments);
    }
    match (arguments.next().as_deref(), arguments.next().as_deref()) {
        (Some("dist"), None) => dist::run(),
        (Some("clients"), None) => clients::run(),
        (Some("bench"), None) => bench::run(),
        (Some("bench"), Some("walk")) => bench::walk::run(),
        // The other half of `bench`, in a process of its own.
        (Some("baseline"), None) => bench::baseline::serve(),
        (Some("help" | "--help" | "-h") | None, _) => {
            println!("{USAGE}");
            Ok(())
        }
        (Some(command), _) => bail!("{command:?} is not a command; see `cargo xtask help`"),
    }
}

/// Where cargo puts what it builds.
fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || imdsim_guest::workspace_root().join("target"),
        PathBuf::from,
    )
}

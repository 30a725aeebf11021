//! `cargo xtask bench`: compares imdsim to a bare hyper server that sends the
//! same bytes, and its component to a minimal one under `wasmtime serve`, in one
//! run under the same load. The ratios are the result; absolute figures depend on
//! the machine.

pub(crate) mod baseline;
pub(crate) mod cold;
mod compare;
mod crawl;
mod hosts;
mod instructions;
mod large_instance;
mod load;
mod rush;
mod server;
pub(crate) mod walk;

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use compare::compare;
use load::Load;
use server::Server;

const PATH: &str = "/latest/meta-data/instance-id";

/// Builds both servers, measures them in turns, and prints the comparison.
pub(crate) fn run() -> Result<()> {
    build()?;
    let imdsim = native("off")?;
    let token = imdsim.token()?;
    let load = Load::new(PATH, &token);
    let hyper = bare(&imdsim, &load)?;
    println!(
        "GET {PATH}, {} kept-alive connections, by {}\n",
        load::CONNECTIONS,
        load.tool()
    );
    compare(&load, [("bare hyper", &hyper), ("imdsim", &imdsim)])?;
    let with_journal = native("1000")?;
    println!("\nwith a journal of the last 1000 requests\n");
    let load = Load::new(PATH, &with_journal.token()?);
    compare(&load, [("without", &imdsim), ("with", &with_journal)])?;

    let crawled = crawl::crawl(imdsim.address, &token)?;
    #[allow(clippy::cast_precision_loss, reason = "a tree has few paths")]
    let requests = crawled.crawls_per_second * crawled.paths as f64;
    println!(
        "\ncrawls of {} paths, {} connections: {:.0}/s, {:.0} requests/s",
        crawled.paths,
        load::CONNECTIONS,
        crawled.crawls_per_second,
        requests
    );
    rush::rush(&with_journal)?;
    drop((hyper, imdsim, with_journal));
    cold::run()
}

/// Builds the native program.
fn build() -> Result<()> {
    let status = Command::new("cargo")
        .args(["build", "--release", "--locked"])
        .args(["--package", "imdsim-native"])
        .current_dir(imdsim_guest::workspace_root())
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "building the native program failed");
    Ok(())
}

/// Starts the native program with a journal of the given length.
fn native(journal: &str) -> Result<Server> {
    let program = crate::target_dir().join("release/imdsim");
    let flags = ["--addr", "127.0.0.1:0", "--quiet", "--journal", journal];
    Server::start(Command::new(program).args(flags))
}

/// Starts a bare hyper server that sends the same response as imdsim.
fn bare(imdsim: &Server, load: &Load) -> Result<Server> {
    let answer = imdsim.answer(load)?;
    let hyper = Server::start(
        Command::new(std::env::current_exe()?)
            .arg("baseline")
            .env(baseline::RESPONSE, &answer),
    )?;
    ensure!(
        hyper.answer(load)? == answer,
        "the two servers send different responses"
    );
    Ok(hyper)
}

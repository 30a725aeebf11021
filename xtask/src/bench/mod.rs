//! `cargo xtask bench`: compares imdsim to a bare hyper server that sends the
//! same bytes, and its component to a minimal one under `wasmtime serve`, in one
//! run under the same load. The ratios are the result; absolute figures depend on
//! the machine.

pub(crate) mod baseline;
mod crawl;
mod load;
mod rush;
mod server;
pub(crate) mod walk;
mod wasmtime;

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use load::{Load, Measured};
use server::Server;

const PATH: &str = "/latest/meta-data/instance-id";
/// Number of turns per server; the median turn is the result.
const ROUNDS: usize = 5;

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
    wasmtime::run()
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

/// Measures two servers in turns, and prints the results and their ratio.
fn compare(load: &Load, servers: [(&str, &Server); 2]) -> Result<()> {
    let mut turns = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for ((_, server), turns) in servers.iter().zip(&mut turns) {
            turns.push(load.drive(server.address)?);
        }
    }
    let [base, imdsim] = turns.map(median);
    println!(
        "{:14} {:>12} {:>10} {:>10}",
        "", "requests/s", "p50 µs", "p99 µs"
    );
    print(servers[0].0, &base);
    print(servers[1].0, &imdsim);
    println!("\nratio {:.2}", imdsim.per_second / base.per_second);
    Ok(())
}

fn median(mut turns: Vec<Measured>) -> Measured {
    turns.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    turns.swap_remove(turns.len() / 2)
}

fn print(name: &str, measured: &Measured) {
    println!(
        "{name:14} {:>12.0} {:>10.0} {:>10.0}",
        measured.per_second, measured.p50_us, measured.p99_us
    );
}

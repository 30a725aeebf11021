//! `cargo xtask bench walk`: one client that asks for one path after another
//! over a connection that it keeps, as an agent does at boot.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::crawl;
use super::load::{Connection, Load};
use super::server::Server;

/// How many requests a walk has.
const STEPS: usize = 90;
/// Walks that are timed as one.
const WALKS: u32 = 20;
/// How often each server takes its turn. The first turn is not counted: what
/// it finds is kept for those after it.
const TURNS: usize = 31;
/// The server's share of a walk should not be longer.
const GOAL: Duration = Duration::from_millis(2);

/// Builds the native program, walks, and prints how long a walk kept its
/// threads on a processor, system calls included, beside as many requests to a
/// bare hyper server in the same run.
pub(crate) fn run() -> Result<()> {
    super::build()?;
    stay_on_one_processor()?;
    let imdsim = super::native("off")?;
    let token = imdsim.token()?;
    let hyper = super::bare(&imdsim, &Load::new(super::PATH, &token))?;
    let mut connection = Connection::open(imdsim.address, &token)?;
    let paths = crawl::paths(&mut connection)?;
    let servers = [&hyper, &imdsim];
    let mut connections = [Connection::open(hyper.address, &token)?, connection];
    let mut turns = [Vec::new(), Vec::new()];
    for _ in 0..TURNS {
        for ((server, connection), turns) in servers.iter().zip(&mut connections).zip(&mut turns) {
            turns.push(walk(server, connection, &paths)?);
        }
    }
    let [bare, walked] = turns.map(|turns| Times::new(&turns[1..]));
    println!(
        "the server's time in a walk of {STEPS} requests over one kept-alive connection, \
         on one processor, {} turns\n",
        TURNS - 1
    );
    println!("{:12} {:>10} {:>10}", "", "median", "least");
    for (name, times) in [("bare hyper", &bare), ("imdsim", &walked)] {
        println!("{name:12} {:>10.2?} {:>10.2?}", times.median, times.least);
    }
    let ratio = walked.median.as_secs_f64() / bare.median.as_secs_f64();
    println!("\nratio {ratio:.2}; imdsim's should be no more than {GOAL:?}");
    Ok(())
}

/// Keeps this process, and the servers that it starts, on one processor. In a
/// walk only one of them has something to do at a time, and what it costs to
/// wake another processor is the machine's: on a virtual one, as much again.
#[cfg(target_os = "linux")]
fn stay_on_one_processor() -> Result<()> {
    use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
    use nix::unistd::Pid;

    let own = Pid::from_raw(0);
    let allowed = sched_getaffinity(own)?;
    let mut one = CpuSet::new();
    let first = (0..CpuSet::count()).find(|cpu| allowed.is_set(*cpu) == Ok(true));
    one.set(first.context("there is no processor")?)?;
    Ok(sched_setaffinity(own, &one)?)
}

#[cfg(not(target_os = "linux"))]
fn stay_on_one_processor() -> Result<()> {
    anyhow::bail!("a server's time is read from /proc, which only Linux has")
}

/// What the server's threads took for one walk, the mean of a turn.
fn walk(server: &Server, connection: &mut Connection, paths: &[String]) -> Result<Duration> {
    let before = server.processor_time()?;
    for _ in 0..WALKS {
        for path in paths.iter().cycle().take(STEPS) {
            connection.get(path)?;
        }
    }
    Ok(server.processor_time()?.saturating_sub(before) / WALKS)
}

/// What several turns took. Other work on the machine makes them longer, never
/// shorter.
struct Times {
    median: Duration,
    least: Duration,
}

impl Times {
    fn new(turns: &[Duration]) -> Self {
        let mut turns = turns.to_vec();
        turns.sort();
        Self {
            median: turns[turns.len() / 2],
            least: turns[0],
        }
    }
}

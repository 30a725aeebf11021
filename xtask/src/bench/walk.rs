//! `cargo xtask bench walk`: one client requesting one path after another over a
//! kept-alive connection, like an agent at boot.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::crawl;
use super::load::{Connection, Load};
use super::server::Server;

/// Number of requests in a walk.
const STEPS: usize = 90;
/// Number of walks per turn.
const WALKS: u32 = 20;
/// Number of turns per server. The first turn warms the caches and is not counted.
const TURNS: usize = 31;
/// Goal for the server's CPU time per walk.
const GOAL: Duration = Duration::from_millis(2);

/// Builds the native program and prints its CPU time per walk, system calls
/// included, beside that of a bare hyper server in the same run.
pub(crate) fn run() -> Result<()> {
    super::build()?;
    pin_to_one_cpu()?;
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
        "the server's CPU time in a walk of {STEPS} requests over one kept-alive connection, \
         on one CPU, {} turns\n",
        TURNS - 1
    );
    println!("{:12} {:>10} {:>10}", "", "median", "minimum");
    for (name, times) in [("bare hyper", &bare), ("imdsim", &walked)] {
        println!("{name:12} {:>10.2?} {:>10.2?}", times.median, times.minimum);
    }
    let ratio = walked.median.as_secs_f64() / bare.median.as_secs_f64();
    println!("\nratio {ratio:.2}; imdsim's should be no more than {GOAL:?}");
    Ok(())
}

/// Pins this process and the servers that it starts to one CPU. Only one of them
/// is busy at a time, and waking another CPU would add a cost of the machine,
/// which on a virtual one can double the time.
#[cfg(target_os = "linux")]
fn pin_to_one_cpu() -> Result<()> {
    use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
    use nix::unistd::Pid;

    let own = Pid::from_raw(0);
    let allowed = sched_getaffinity(own)?;
    let mut one = CpuSet::new();
    let first = (0..CpuSet::count()).find(|cpu| allowed.is_set(*cpu) == Ok(true));
    one.set(first.context("no CPU is available")?)?;
    Ok(sched_setaffinity(own, &one)?)
}

#[cfg(not(target_os = "linux"))]
fn pin_to_one_cpu() -> Result<()> {
    anyhow::bail!("a server's time is read from /proc, which only Linux has")
}

/// Mean CPU time of the server per walk in one turn.
fn walk(server: &Server, connection: &mut Connection, paths: &[String]) -> Result<Duration> {
    let before = server.cpu_time()?;
    for _ in 0..WALKS {
        for path in paths.iter().cycle().take(STEPS) {
            connection.get(path)?;
        }
    }
    Ok(server.cpu_time()?.saturating_sub(before) / WALKS)
}

/// Times over several turns. Other load on the machine can only increase them.
struct Times {
    median: Duration,
    minimum: Duration,
}

impl Times {
    fn new(turns: &[Duration]) -> Self {
        let mut turns = turns.to_vec();
        turns.sort();
        Self {
            median: turns[turns.len() / 2],
            minimum: turns[0],
        }
    }
}

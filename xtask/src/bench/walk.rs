//! `cargo xtask bench walk`: one client that asks for one path after another
//! over a connection that it keeps, as an agent does at boot.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::crawl;
use super::load::Connection;

/// How many requests a walk has.
const STEPS: usize = 90;
/// Walks that are not measured: what they find is kept for those after them.
const WARM_UP: u32 = 10;
/// Walks that are measured.
const WALKS: u32 = 500;
/// The server's share of a walk should not be longer.
const GOAL: Duration = Duration::from_millis(2);

/// Builds the native program, walks, and prints what a walk takes.
pub(crate) fn run() -> Result<()> {
    let server = super::native("off")?;
    let mut connection = Connection::open(server.address, &server.token()?)?;
    let paths = crawl::paths(&mut connection)?;
    let mut walk = || {
        let mut steps = paths.iter().cycle().take(STEPS);
        steps.try_for_each(|path| connection.get(path).map(drop))
    };
    for _ in 0..WARM_UP {
        walk()?;
    }
    let (before, start) = (server.processor_time()?, Instant::now());
    for _ in 0..WALKS {
        walk()?;
    }
    let taken = start.elapsed() / WALKS;
    let busy = server.processor_time()?.saturating_sub(before) / WALKS;
    println!("a walk of {STEPS} requests over one kept-alive connection, mean of {WALKS}\n");
    println!("the server's time  {busy:>9.2?}, which should be no more than {GOAL:?}");
    println!("the wall's time    {taken:>9.2?}");
    Ok(())
}

//! Comparison of two servers under the same load.

use anyhow::Result;

use super::load::{Load, Measured};
use super::server::Server;

/// Number of turns per server; the median turn is the result.
const ROUNDS: usize = 5;

/// Measures two servers in turns, and prints the results and their ratio.
pub(super) fn compare(load: &Load, servers: [(&str, &Server); 2]) -> Result<()> {
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

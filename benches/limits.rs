//! Cost of the most expensive inputs in process: `cargo bench --bench limits`.
//!
//! Each kind of input is at its limit. None may take more than 100 ms of CPU
//! time; components take up to twice as long as this benchmark.
#![allow(clippy::unwrap_used, reason = "a panic fails the benchmark")]
#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark reads a clock; the core does not"
)]
#![allow(clippy::print_stdout, reason = "command-line output")]

#[path = "../tests/support/worst_inputs.rs"]
mod worst_inputs;

use std::time::Duration;

fn main() {
    let mut worst = Duration::ZERO;
    for case in worst_inputs::all() {
        let mut host = case.host();
        for request in &case.requests {
            let start = cpu_time();
            let (status, _) = host.send(request);
            let took = cpu_time().saturating_sub(start);
            assert_eq!(status, case.expected, "{}", case.name);
            worst = worst.max(took);
            let path: String = request.uri().path().chars().take(50).collect();
            println!("{:9.3} ms  {}: {path}", 1e3 * took.as_secs_f64(), case.name);
        }
    }
    println!("{:9.3} ms  maximum", 1e3 * worst.as_secs_f64());
}

/// CPU time of this thread, independent of other load on the machine.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("this is Linux");
    let nanos = stat.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.expect("the first number is nanoseconds"))
}

//! What the dearest inputs cost in process: `cargo bench --bench limits`.
//!
//! Each kind of input is at its limit. None may take more than 100 ms of the
//! processor; in a component it takes up to twice as long as here.
#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on fails")]
#![allow(
    clippy::disallowed_methods,
    reason = "a measurement reads a clock; the core does not"
)]
#![allow(clippy::print_stdout, reason = "this program talks to a person")]

#[path = "../tests/support/worst_inputs.rs"]
mod worst_inputs;

use std::time::Duration;

fn main() {
    let mut worst = Duration::ZERO;
    for case in worst_inputs::all() {
        let mut host = case.host();
        for request in &case.requests {
            let start = processor_time();
            let (status, _) = host.send(request);
            let took = processor_time().saturating_sub(start);
            assert_eq!(status, case.expected, "{}", case.name);
            worst = worst.max(took);
            let path: String = request.uri().path().chars().take(50).collect();
            println!("{:9.3} ms  {}: {path}", 1e3 * took.as_secs_f64(), case.name);
        }
    }
    println!("{:9.3} ms  is the most", 1e3 * worst.as_secs_f64());
}

/// How long this thread has run, whatever else the machine does meanwhile.
fn processor_time() -> Duration {
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux says so");
    let nanos = said.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.expect("the first number is nanoseconds"))
}

//! The imdsim program.

fn main() {}

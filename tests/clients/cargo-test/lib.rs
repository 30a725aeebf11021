//! Has a test, which is in docs/use-with/cargo-test.md.

//! An empty library. Its test is in docs/use-with/cargo-test.md.

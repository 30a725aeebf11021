//! Has a test, which is in README.md.

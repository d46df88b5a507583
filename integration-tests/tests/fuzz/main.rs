//! Every parser of bytes from outside, against bytes that nobody meant to send.
//!
//! Each rule is tried on some hundred damaged samples; `PROPTEST_CASES` sets another number:
//!
//! ```sh
//! PROPTEST_CASES=100000 cargo test --release --package integration-tests --test fuzz
//! ```
//!
//! The smallest input that breaks a rule is printed and kept in `proptest-regressions`, from where every further run
//! takes it first.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod files;
mod journal;
mod recipe;
mod tokens;
mod values;

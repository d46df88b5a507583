//! `trafficctl` as people and scripts run it: real processes, a real bus, stock clients.

// Helpers outside of `#[test]` may fail a test too.
#![allow(clippy::unwrap_used)]

mod command_line;
mod harness;
mod imports;
mod up;
mod verify;

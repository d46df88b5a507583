//! `trafficctl` as people and scripts run it: real processes, a real bus, stock clients.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod command_line;
mod ebikes;
mod harness;
mod imports;
mod up;
mod verify;
mod year;

//! `trafficctl` as people and scripts run it: real processes, a real bus, stock clients.

mod command_line;
mod harness;
mod imports;
mod up;
mod verify;

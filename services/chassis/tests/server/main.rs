//! The server over loopback sockets: admission, errors, limits, deadlines, health, and how it shuts down.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod admission;
mod lifecycle;
mod sample;
mod wire;

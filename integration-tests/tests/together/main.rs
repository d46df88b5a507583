//! The services as one: what one of them decides, the others act on; whichever comes first, however often it is told, with the
//! receiver down for a while, and with two replicas of each. And each alone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::large_futures, reason = "a test has the stack to itself")]

mod alone;
mod arrears;
mod blocks;
mod cases;
mod drivers;
mod haulage;
mod herald;
mod illegal_parking;
mod oversize;
mod persons;
mod plates;
mod registry;

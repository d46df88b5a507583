//! The suite from outside, one program: linking is dear, and the suites of all tests take turns.
//!
//! How hard it is tried can be set: `SUITE_KILLS` (100), `SUITE_BUS_LOSSES` (6), `SUITE_TAKEOVERS` (6), `SUITE_RACES`
//! (30), `SUITE_FAULTS` (6 rounds on each bus; of which faults, `SUITE_FAULTS_DAY` decides), `SUITE_CONNECTIONS` (3000),
//! `SUITE_RANDOM` (60 malformed requests a method).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "how hard it was tried is told")]
#![allow(clippy::large_futures, reason = "a test has the stack to itself")]

mod bad_input;
mod bus_away;
mod closures;
mod configuration;
mod damage;
mod exactly_once;
mod faults;
mod hostile;
mod kills;
mod published;
mod purity;
mod real_input;
mod replicas;

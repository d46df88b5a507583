//! The suite from outside, one program: linking is dear, and the suites of all tests take turns.
//!
//! How hard it is tried can be set: `SUITE_KILLS` (100), `SUITE_BUS_LOSSES` (6), `SUITE_TAKEOVERS` (6), `SUITE_RACES`
//! (30), `SUITE_RANDOM` (60 malformed requests a method).

mod bad_input;
mod bus_away;
mod closures;
mod configuration;
mod damage;
mod exactly_once;
mod kills;
mod published;
mod purity;
mod real_input;
mod replicas;

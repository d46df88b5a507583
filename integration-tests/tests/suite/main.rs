//! The suite from outside, one program: linking is dear, and the suites of all tests take turns.

mod bad_input;
mod bus_away;
mod configuration;
mod damage;
mod exactly_once;
mod kills;
mod published;
mod purity;
mod replicas;

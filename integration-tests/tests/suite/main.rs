//! The suite from outside, one program: linking is dear, and the suites of all tests take turns.

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

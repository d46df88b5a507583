//! Registration of vehicles as the law has it: given what happened, when something is asked, then this follows or that ground
//! refuses it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bars;
mod cases;
mod changes;
mod charges;
mod conditions;
mod fixtures;
mod limits;
mod marks;
mod numbers;
mod papers;
mod refusals;
mod remedies;
mod school_buses;
mod scrapping;
mod temporary;

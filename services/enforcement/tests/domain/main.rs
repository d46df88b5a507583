//! The law of enforcement as stories and tables: given what has happened, when somebody acts, then this or that refusal.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;
mod defaults;
mod detained;
mod fines;
mod fixtures;
mod hazards;
mod ledger;
mod money;
mod points;
mod procedure;
mod records;
mod remedies;

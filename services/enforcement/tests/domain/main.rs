//! The law of enforcement as stories and tables: given what has happened, when somebody acts, then this or that refusal.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;
mod clerk;
mod codes;
mod corrections;
mod defaults;
mod detained;
mod duties;
mod fines;
mod fixtures;
mod hazards;
mod ledger;
mod legal_reviews;
mod limits;
mod money;
mod parties;
mod points;
mod procedure;
mod recomputed;
mod records;
mod redress;
mod referrals;
mod remedies;
mod serving;
mod tables;
mod told;

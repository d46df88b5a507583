//! The law of enforcement, pure: what somebody did, what the rules say it costs, and each step of the procedures.
//!
//! ```text
//!   values conduct                  what exists only if valid; an act as the law describes it
//!   instruments rules codes standards (+ data/*.toml), assessment     what an act costs, by date; which day's rules apply
//!   limits ground                   time limits and grounds of refusal, each with its article
//!   violation/                      a case from the record to the last payment (Order 157)
//!   docket                          the records of one vehicle: no act fined twice, five unhandled
//!   licence/                        points, study, reductions, suspension (Order 163)
//!   detention hazard persuasion     detained vehicles, road hazards, riders and delivery companies
//!   redress                         what every instrument tells of the remedies against it
//!   arrears oversize registered   what parking, permits and registration tell
//!   timers                          what time alone does
//! ```

pub mod arrears;
pub mod assessment;
pub mod codes;
pub mod conduct;
pub mod detention;
pub mod docket;
pub mod ground;
pub mod hazard;
pub mod instruments;
pub mod licence;
pub mod limits;
pub mod oversize;
pub mod persuasion;
pub mod redress;
pub mod registered;
pub mod rules;
pub mod standards;
pub mod timers;
pub mod values;
pub mod violation;

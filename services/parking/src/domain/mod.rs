//! Parking by itself: bays and what is seen in them, stays and what they cost, and what a road occupation closes.
//!
//! Read with the law beside it: Beijing parking regulations (as the model: Heze has none of its own), Shandong road traffic
//! measures arts. 37, 38 and 49, Road Traffic Safety Law arts. 32, 33, 56 and 93.
//!
//! | module | rule |
//! |---|---|
//! | `rates` | what a stay costs: completed units, free period, steps, day and night, cap (art. 28, 32) |
//! | `bay`, `watch` | from readings in any order to stays, and to sessions |
//! | `session` | times, vehicle, charge, payments, refunds, arrears (art. 41) |
//! | `waiver` | who parks free (art. 28) |
//! | `works` | bays closed by road occupations (Road Traffic Safety Law art. 32) |

pub mod bay;
pub mod geometry;
pub mod ids;
pub mod marking;
pub mod rates;
pub mod refusal;
pub mod session;
pub mod tariff;
pub mod vehicle;
pub mod waiver;
pub mod watch;
pub mod works;
pub mod zone;

#[cfg(test)]
mod tests;

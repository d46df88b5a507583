//! The law of registration, pure: what is registered, what the law asks of it, and each step from filing to the plates.

pub mod application;
pub mod blocks;
pub mod ebike;
pub mod fees;
pub mod ground;
pub mod instruments;
pub mod kiosk;
pub mod order;
pub mod party;
pub mod plate;
pub mod standing;
pub mod station;
pub mod timers;
pub mod vehicle;
mod wording;

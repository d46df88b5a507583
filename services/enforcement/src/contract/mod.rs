//! The contract's messages made of the domain's states and events.

pub mod enums;
mod history;
mod others;
mod violation;

pub use history::history_entry;
pub use others::{company, detention, docket, hazard, junction_day, licence, violation_code};
pub use violation::{act, assessment, decision, place, redress, sanction, violation};

use jiff::civil::Date;
use traffic_proto::enforcement::v1 as proto;

pub fn day(day: Date) -> Option<proto::Day> {
    Some(proto::Day {
        value: day.to_string(),
    })
}

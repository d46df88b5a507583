//! The contract's messages made of the domain's states and events.

pub mod enums;
mod history;
mod others;
mod violation;

pub use history::history_entry;
pub use others::{company, detention, docket, hazard, junction_day, licence, violation_code};
pub use violation::{act, assessment, decision, place, sanction, violation};

use chassis::domain::Revision;
use chassis::domain::values::Fen;
use jiff::civil::Date;
use traffic_proto::enforcement::v1 as proto;

/// Changes with every commit on a resource.
pub fn etag(revision: &Revision) -> String {
    revision.position.to_string()
}

pub fn day(day: Date) -> Option<proto::Day> {
    Some(proto::Day {
        value: day.to_string(),
    })
}

/// Amounts are far below what `i64` holds.
pub fn fen(amount: Fen) -> i64 {
    i64::try_from(amount.get()).unwrap_or(i64::MAX)
}

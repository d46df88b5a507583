//! Temporary plates: for how long, and how many.

use super::super::request::TemporaryUse;
use crate::domain::ground::Ground;
use crate::domain::instruments::order_164;
use crate::domain::vehicle::event::TemporaryGround;
use crate::domain::vehicle::{MOST_ENTRIES, Vehicle};
use chassis::domain::{LegalBasis, Transaction};
use jiff::ToSpan;
use jiff::civil::Date;

/// How long a temporary plate may be valid (arts. 47(2), (3), 48(2)): months as such, all others in days.
fn longest(ground: TemporaryGround, today: Date) -> (Date, LegalBasis) {
    let (last, article) = match ground {
        TemporaryGround::Unsold
        | TemporaryGround::AwaitingRegistration
        | TemporaryGround::NewForExport => (today + 30.days(), "art. 47(2)"),
        TemporaryGround::Testing => (today + 6.months(), "art. 47(2)"),
        TemporaryGround::OversizeSpecial => (today + 90.days(), "art. 47(2)"),
        TemporaryGround::IntelligentTesting => (today + 6.months(), "art. 48(2)"),
        TemporaryGround::PlatesInMaking => (today + 15.days(), "art. 47(3)"),
        TemporaryGround::Leaving => (today + 60.days(), "art. 28"),
    };
    (last, order_164(article))
}

pub(super) fn check_temporary(
    tx: &Transaction,
    temporary: &TemporaryUse,
    vehicle: Option<&Vehicle>,
) -> Result<(), Ground> {
    let today = tx.context.calendar.date(tx.now());
    let last = today + i64::from(temporary.days).days();
    let (longest, basis) = longest(temporary.ground, today);
    if last > longest {
        return Err(Ground::TemporaryTooLong { longest, basis });
    }
    if last > temporary.insurance_valid_until {
        return Err(Ground::TemporaryBeyondInsurance);
    }
    if temporary.approved_until.is_some_and(|until| last > until) {
        return Err(Ground::TemporaryTooLong {
            longest: temporary.approved_until.unwrap_or(longest),
            basis: order_164("art. 48(2)"),
        });
    }
    let issued = |grounds: &[TemporaryGround]| {
        vehicle.map_or(0, |vehicle| {
            vehicle
                .temporary_plates
                .iter()
                .filter(|plate| grounds.contains(&plate.ground))
                .count()
        })
    };
    use TemporaryGround::{AwaitingRegistration, NewForExport, Unsold};
    let most = match temporary.ground {
        Unsold | AwaitingRegistration => {
            3_usize.checked_sub(issued(&[Unsold, AwaitingRegistration]))
        }
        NewForExport => 1_usize.checked_sub(issued(&[NewForExport])),
        ground => MOST_ENTRIES.checked_sub(issued(&[ground])),
    };
    match most {
        Some(1..) => Ok(()),
        _ => Err(Ground::TooManyTemporaryPlates),
    }
}

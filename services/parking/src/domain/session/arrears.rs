//! What happens when a charge is not paid: notice, two reminders, referral to enforcement.
//!
//! Beijing parking regulations art. 41: pay within thirty days from the day of leaving; who has not paid is given notice; when
//! the thirty days are over he is reminded; who lets two reminders pass is fined.

use super::stay::require;
use super::{Collection, Session, SessionEvent, key};
use crate::domain::ids::SessionId;
use chassis::domain::values::PlateNumber;
use chassis::domain::{Halt, TimeLimit, Transaction};
use jiff::Timestamp;

/// The periods that the regulations leave to the city ("具体办法由市交通主管部门制定", art. 41(3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CollectionRules {
    /// How long each reminder gives to pay.
    pub reminder: TimeLimit,
}

impl Default for CollectionRules {
    fn default() -> Self {
        Self {
            reminder: TimeLimit::Days(15),
        }
    }
}

/// Reminders before a referral (art. 41(2): 经两次催缴).
const REMINDERS: u8 = 2;

/// The notice to pay goes out half-way through the thirty days.
const NOTICE: TimeLimit = TimeLimit::Days(15);

pub(super) fn notice_at(tx: &Transaction, left_at: Timestamp) -> Timestamp {
    tx.context.calendar.deadline(left_at, NOTICE)
}

/// The timer of a session: notes an overstay, or takes the next step of collecting. One step at a time, so that a debtor
/// gets each period in full even if this runs late.
///
/// # Errors
/// `SESSION_NOT_FOUND`.
pub fn due(tx: &mut Transaction, id: &SessionId, rules: &CollectionRules) -> Result<(), Halt> {
    let session = require(tx, id)?;
    let now = tx.now();
    let is_due = {
        use chassis::domain::Aggregate;
        session.next_due().is_some_and(|due| due <= now)
    };
    if !is_due {
        return Ok(());
    }
    let place = session.place.clone();
    let (Some(left_at), Some(bill)) = (session.left_at, session.bill.as_ref()) else {
        let arrived_at = session.arrived_at;
        return tx.record::<Session>(key(id), [SessionEvent::OverstayNoted { place, arrived_at }]);
    };
    let outstanding = session.outstanding();
    let Some(vehicle) = session.vehicle() else {
        return tx.record::<Session>(
            key(id),
            [SessionEvent::FoundUncollectable { place, outstanding }],
        );
    };
    let next = match session.collection {
        Collection::Due if now < bill.pay_by => SessionEvent::PaymentNoticeIssued {
            place,
            outstanding,
            pay_by: bill.pay_by,
            next_step_at: bill.pay_by,
        },
        Collection::Reminded(number) if number >= REMINDERS => SessionEvent::ArrearsReferred {
            place,
            plate: vehicle.plate.clone(),
            arrived_at: session.arrived_at,
            left_at,
            outstanding,
            reminded_until: session.next_step_at.unwrap_or(now),
        },
        Collection::Due | Collection::Noticed | Collection::Reminded(_) => {
            let given = match session.collection {
                Collection::Reminded(number) => number,
                _ => 0,
            };
            SessionEvent::ReminderIssued {
                place,
                number: given + 1,
                outstanding,
                pay_by: tx.context.calendar.deadline(now, rules.reminder),
            }
        }
        Collection::Referred | Collection::ReferralSettled | Collection::Uncollectable => {
            return Ok(());
        }
    };
    tx.record::<Session>(key(id), [next])
}

/// Tells enforcement that the vehicle which was referred to it owes nothing any more, whatever made that so.
pub(super) fn settle_referral(tx: &mut Transaction, id: &SessionId) -> Result<(), Halt> {
    let session = require(tx, id)?;
    let Some(referred) = &session.referred else {
        return Ok(());
    };
    if !session.outstanding().is_zero() && plate(&session) == Some(referred) {
        return Ok(());
    }
    let settled = SessionEvent::ReferralSettled {
        place: session.place.clone(),
        plate: referred.clone(),
    };
    tx.record::<Session>(key(id), [settled])
}

/// Follows a session that is no longer what it was `before`: what was referred is settled, and whoever owes now and did not
/// before is given each period of art. 41 in full.
pub(super) fn collect_anew(
    tx: &mut Transaction,
    id: &SessionId,
    before: &Session,
) -> Result<(), Halt> {
    settle_referral(tx, id)?;
    let session = require(tx, id)?;
    let Some(left_at) = session.left_at else {
        return Ok(());
    };
    let has_begun = session.collection != Collection::Due;
    let is_newly_owed = before.outstanding().is_zero() || plate(before) != plate(&session);
    if session.outstanding().is_zero() || !has_begun || !is_newly_owed {
        return Ok(());
    }
    // Within the thirty days that is the notice, after them the first reminder.
    let next_step_at = notice_at(tx, left_at).max(tx.now());
    tx.record::<Session>(
        key(id),
        [SessionEvent::CollectionRestarted { next_step_at }],
    )
}

fn plate(session: &Session) -> Option<&PlateNumber> {
    session.vehicle().map(|vehicle| &vehicle.plate)
}

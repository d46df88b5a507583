//! What time alone does to a case: duties of the police are missed, announced decisions are served, fines become late.

use super::super::values::CaseId;
use super::decision::served;
use super::event::{Fact, Service};
use super::steps::{load, record};
use super::{Stage, Violation};
use chassis::domain::{Halt, Transaction};
use jiff::Timestamp;

/// When time will next change this case.
pub fn next_due(case: &Violation) -> Option<Timestamp> {
    let duties = case.duties.values().copied();
    duties
        .chain(announcement_due(case))
        .chain(payment_due(case))
        .min()
}

/// A decision that could not be delivered is served when its announcement ends, by nobody's doing (Order 157 art. 56(2)).
fn announcement_due(case: &Violation) -> Option<Timestamp> {
    let ends = case.announcement_ends;
    ends.filter(|_| case.stage == Stage::Decided)
}

/// The fine becomes late once; further instalments show in what is owed.
fn payment_due(case: &Violation) -> Option<Timestamp> {
    if case.stage == Stage::Served && !case.payment_overdue {
        case.account.next_due()
    } else {
        None
    }
}

/// Records all that is due now. A missed duty does not stop the case: it stands in the record for whoever supervises (Order
/// 157 art. 65).
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn pass_time(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    let case = load(tx, id)?;
    let now = tx.now();
    let missed = case.duties.iter().filter(|(_, due)| **due <= now);
    let missed = missed.map(|(&duty, &due)| Fact::DutyMissed { duty, due });
    record(tx, id, &case, missed)?;
    if let Some(ends) = announcement_due(&case).filter(|ends| *ends <= now) {
        // Not when the timer comes by: the periods run from the end of the announcement.
        return served(tx, id, &case, Service::Announced, ends);
    }
    if payment_due(&case).is_some_and(|due| due <= now) {
        record(tx, id, &case, [Fact::PaymentOverdue])?;
    }
    Ok(())
}

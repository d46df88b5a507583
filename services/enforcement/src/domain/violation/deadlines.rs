//! What time alone does to a case: duties of the police are missed, fines become late, notices fall due.

use super::super::values::CaseId;
use super::event::Fact;
use super::steps::{load, record};
use super::{Stage, Violation};
use chassis::domain::{Halt, Transaction};
use jiff::Timestamp;

/// When time will next change this case.
pub fn next_due(case: &Violation) -> Option<Timestamp> {
    let duties = case.duties.values().copied();
    duties.chain(payment_due(case)).min()
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
    if payment_due(&case).is_some_and(|due| due <= now) {
        record(tx, id, &case, [Fact::PaymentOverdue])?;
    }
    Ok(())
}

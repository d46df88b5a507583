//! Objections to a record, and the eight grounds on which it is cancelled (Order 157 arts. 5(3), 22).

use super::super::docket::{self, Standing};
use super::super::ground::Ground;
use super::super::limits;
use super::super::values::CaseId;
use super::event::{CancellationGround, Fact, Source};
use super::steps::{as_officer, as_party, in_stage, load, record};
use super::{Stage, Violation};
use chassis::domain::values::Text;
use chassis::domain::{Halt, Transaction};

/// Objections to one record: a limit of the system, for Order 157 art. 5(3) sets none.
const MOST_OBJECTIONS: u8 = 5;

const OPEN: &[Stage] = &[Stage::Entered, Stage::Notified];

/// The driver or owner says that the record is wrong; it is answered within five working days.
///
/// # Errors
/// By somebody else; if the case is decided, is no record of a device or a citizen, an objection waits already, or too many were
/// answered.
pub fn object(tx: &mut Transaction, id: &CaseId, reason: Text<500>) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_party(tx, &case)?;
    in_stage(&case, OPEN, "entered or notified")?;
    if case.objection_due.is_some() {
        return Err(Ground::ObjectionWaits.into());
    }
    if case.objections >= MOST_OBJECTIONS {
        return Err(Ground::ObjectionsAnswered.into());
    }
    let due = tx
        .context
        .calendar
        .deadline(tx.now(), limits::OBJECTION.time);
    record(tx, id, &case, [Fact::ObjectionRaised { reason, due }])
}

/// The objection does not hold; the party is told why.
///
/// # Errors
/// If no objection waits.
pub fn reject_objection(tx: &mut Transaction, id: &CaseId, reason: Text<500>) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    if case.objection_due.is_none() {
        return Err(Ground::NoObjection.into());
    }
    record(tx, id, &case, [Fact::ObjectionRejected { reason }])
}

/// Cancels the record at once: well within the three days after the ground is verified.
///
/// # Errors
/// If it is decided, or if the act was found by an officer: art. 22 speaks of records only.
pub fn cancel(
    tx: &mut Transaction,
    id: &CaseId,
    ground: CancellationGround,
    remarks: Text<500>,
) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    if case.filing.source == Source::OnTheSpot {
        return Err(Ground::NotARecord.into());
    }
    in_stage(
        &case,
        &[Stage::Recorded, Stage::Entered, Stage::Notified],
        "recorded, entered or notified",
    )?;
    cancelled(tx, id, &case, ground, remarks)
}

pub(super) fn cancelled(
    tx: &mut Transaction,
    id: &CaseId,
    case: &Violation,
    ground: CancellationGround,
    remarks: Text<500>,
) -> Result<(), Halt> {
    let basis = ground.basis();
    record(
        tx,
        id,
        case,
        [Fact::ViolationCancelled {
            ground,
            basis,
            remarks,
        }],
    )?;
    docket::move_case(tx, id, &case.filing, Standing::Closed, None)
}

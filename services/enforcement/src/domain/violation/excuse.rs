//! What other services' news does to a record: a permit covers the transport that a weigh station captured, a debt is paid.

use super::super::docket::{self, Docket, Standing};
use super::super::limits;
use super::super::values::CaseId;
use super::event::{Fact, NoPenaltyGround};
use super::steps::{load, record};
use super::{Closed, Stage, Violation};
use chassis::domain::values::{DocumentNumber, Text};
use chassis::domain::{Halt, Transaction};

/// Closes a record that a permit excuses, and opens it again if none does after all: what is permitted may become known after the
/// record, and that it was not in force then after that. What a party has come for, or was decided, stays: it has its remedies.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn judge_by_permits(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    let case = load(tx, id)?;
    let open = is_open(&case);
    let excused = matches!(case.closed, Some(Closed::Permitted(_)));
    if !open && !excused {
        return Ok(());
    }
    match covering(tx, &case)? {
        Some(permit) if open => {
            record(tx, id, &case, [Fact::TransportPermitted { permit }])?;
            docket::move_case(tx, id, &case.filing, Standing::Closed, None)
        }
        None if excused => {
            let review_due = tx.context.calendar.deadline(tx.now(), limits::REVIEW.time);
            record(tx, id, &case, [Fact::TransportNotPermitted { review_due }])?;
            docket::move_case(tx, id, &case.filing, Standing::Open, None)
        }
        _ => Ok(()),
    }
}

/// What was slight has been put right in time (Administrative Penalty Law art. 33(1)): a record for which nobody has come yet ends;
/// any other case goes on, and this speaks for the party.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn put_right(tx: &mut Transaction, id: &CaseId, remarks: Text<500>) -> Result<(), Halt> {
    let case = load(tx, id)?;
    if !is_open(&case) {
        return Ok(());
    }
    let ground = NoPenaltyGround::MinorAndCorrected;
    let ended = Fact::NotPunished {
        ground,
        basis: ground.basis(),
        remarks,
    };
    record(tx, id, &case, [ended])?;
    docket::move_case(tx, id, &case.filing, Standing::Closed, None)
}

fn is_open(case: &Violation) -> bool {
    matches!(
        case.stage,
        Stage::Recorded | Stage::Entered | Stage::Notified
    )
}

/// The permit that covers the act.
fn covering(tx: &mut Transaction, case: &Violation) -> Result<Option<DocumentNumber>, Halt> {
    let Some(id) = docket::of_filing(&case.filing) else {
        return Ok(None);
    };
    let docket = tx.load::<Docket>(&id)?;
    Ok(docket.and_then(|docket| {
        let transports = docket.transports.iter();
        let mut covering = transports.filter(|(_, known)| known.covers(&case.filing));
        covering.next().map(|(permit, _)| permit.clone())
    }))
}

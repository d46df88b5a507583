//! An act that may be a crime: passed on to the authority that prosecutes it, what is left to the police beside it, and what
//! comes back without a crime (Administrative Penalty Law arts. 8(2), 27(1); Road Traffic Safety Law art. 91(2)(4)).

use super::super::assessment::Assessment;
use super::super::docket::{self, Standing};
use super::super::ground::Ground;
use super::super::limits;
use super::super::values::CaseId;
use super::event::Fact;
use super::handling::{assessed, decision_limit, limit_provided};
use super::steps::{as_officer, in_stage, load, record};
use super::{Hearing, Stage, Violation};
use chassis::domain::values::{DocumentNumber, Text};
use chassis::domain::{Halt, TimeLimit, Transaction};
use jiff::Timestamp;

/// Passes the case on (Order 157 art. 13, Administrative Penalty Law arts. 27(1), 57(1)(4)). Before a decision the procedure
/// rests; a decision stands, and is served and paid, beside the referral.
///
/// # Errors
/// If it is passed on already, nobody has been stopped or has come yet, or the case is closed.
pub fn refer_as_crime(tx: &mut Transaction, id: &CaseId, to: Text<100>) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    if case.referral.is_some() {
        return Err(Ground::AlreadyDone.into());
    }
    in_stage(
        &case,
        &[
            Stage::Stopped,
            Stage::Summoned,
            Stage::Handling,
            Stage::Intended,
            Stage::Decided,
            Stage::Served,
            Stage::Settled,
        ],
        "stopped, summoned, handling, intended, decided, served or settled",
    )?;
    let beside = case.decision.is_some();
    record(tx, id, &case, [Fact::ReferredAsCrime { to, beside }])?;
    if beside {
        return Ok(());
    }
    docket::move_case(tx, id, &case.filing, Standing::Closed, None)
}

/// Whether the police may go on: a penalty does not take the place of the criminal one (Administrative Penalty Law art. 8(2)),
/// but where the law has the licence revoked and the crime prosecuted, the police revoke it themselves (Road Traffic Safety
/// Law art. 91(2)(4)). The rules of such an act provide nothing else.
pub(super) fn check_left_to_police(
    case: &Violation,
    assessment: &Assessment,
) -> Result<(), Ground> {
    if case.referral.is_none() || assessment.penalty.crime {
        Ok(())
    } else {
        Err(Ground::ReferredAsCrime)
    }
}

/// Nothing ends a case while it is with the authority that prosecutes crimes.
pub(super) fn check_not_referred(case: &Violation) -> Result<(), Ground> {
    match case.referral {
        None => Ok(()),
        Some(_) => Err(Ground::ReferredAsCrime),
    }
}

/// The case comes back: not prosecuted, or no crime, and for the police to handle (Administrative Penalty Law art. 27(1)). It
/// goes on from where it rested, the time limit of the decision and the days to ask for a hearing anew.
///
/// # Errors
/// If it is not referred.
pub fn take_back(
    tx: &mut Transaction,
    id: &CaseId,
    reason: Text<500>,
    reference: DocumentNumber,
) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    let Some(referral) = &case.referral else {
        return Err(Ground::NotReferred.into());
    };
    let (decision_due, request_by) = match referral.rests_at {
        Some(Stage::Handling) => {
            // An act that is no offence any more is not punished, which has no shorter limit than a fine.
            let provided = assessed(tx, &case);
            let limit = provided.map_or(limits::FINE_DECISION.time, |it| limit_provided(&it));
            (Some(due(tx, limit)), None)
        }
        Some(Stage::Intended) => told_again(tx, &case),
        _ => (None, None),
    };
    let reopened = referral.rests_at.is_some();
    record(
        tx,
        id,
        &case,
        [Fact::ReferralTakenBack {
            reason,
            reference,
            reopened,
            decision_due,
            request_by,
        }],
    )?;
    if reopened {
        docket::reopen(tx, id, &case.filing, Standing::Open)?;
    }
    Ok(())
}

/// What runs again for who had been told what is intended: the decision's limit, and the days to ask for a hearing, for nobody
/// could ask while the case was away. The decision waits for a hearing that was asked for.
fn told_again(tx: &Transaction, case: &Violation) -> (Option<Timestamp>, Option<Timestamp>) {
    let Some(told) = &case.intended else {
        return (None, None);
    };
    let limit = decision_limit(&told.sanction);
    match case.hearing {
        Hearing::Requested | Hearing::Scheduled(_) => (None, None),
        Hearing::None if told.hearing => {
            let request_by = due(tx, limits::HEARING_REQUEST.time);
            let decision_due = tx.context.calendar.deadline(request_by, limit);
            (Some(decision_due), Some(request_by))
        }
        Hearing::None | Hearing::Waived | Hearing::Held => (Some(due(tx, limit)), None),
    }
}

fn due(tx: &Transaction, limit: TimeLimit) -> Timestamp {
    tx.context.calendar.deadline(tx.now(), limit)
}

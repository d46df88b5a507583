//! The party comes: identified, told what is intended and why, and heard (Order 157 arts. 44, 48; Administrative Penalty Law
//! arts. 44, 45, 63, 64).

use super::super::assessment::{Assessment, assess};
use super::super::ground::Ground;
use super::super::licence;
use super::super::limits;
use super::super::rules::{Revocation, Rules};
use super::super::standards::Standards;
use super::super::values::CaseId;
use super::event::{Duty, Fact, Party, Sanction, Source};
use super::steps::{actor, as_officer, as_party, in_stage, load, record, today};
use super::{Hearing, Stage, Violation};
use chassis::domain::values::Text;
use chassis::domain::{Halt, TimeLimit, Transaction};
use jiff::Timestamp;

/// The party comes to have the case handled; the time limit of the decision runs (Order 157 art. 51).
///
/// # Errors
/// While an objection waits; or [`Ground::PointsFull`]: with 12 points nobody takes the records of another vehicle.
pub fn accept(tx: &mut Transaction, id: &CaseId, party: Party) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(
        &case,
        &[
            Stage::Entered,
            Stage::Notified,
            Stage::Stopped,
            Stage::Summoned,
        ],
        "entered, notified, stopped or summoned",
    )?;
    if case.objection_due.is_some() {
        return Err(Ground::ObjectionWaits.into());
    }
    if case.filing.source == Source::OnTheSpot && !same_person(&case, &party) {
        return Err(Ground::AnotherPerson.into());
    }
    if case.filing.source != Source::OnTheSpot
        && let (Some(plate), Some(facts)) = (&case.filing.plate, party.licence)
    {
        licence::may_take(tx, &party.person.person, &facts, plate)?;
    }
    let assessed = assessed(tx, &case)?;
    let limit = if assessed.penalty.revocation == Revocation::Must {
        limits::REVOCATION_DECISION.time
    } else if assessed.penalty.suspension_months.is_some() {
        limits::SUSPENSION_DECISION.time
    } else {
        limits::FINE_DECISION.time
    };
    let decision_due = tx.context.calendar.deadline(tx.now(), limit);
    record(
        tx,
        id,
        &case,
        [Fact::HandlingAccepted {
            party,
            decision_due,
        }],
    )
}

fn same_person(case: &Violation, party: &Party) -> bool {
    case.filing
        .party
        .as_ref()
        .is_some_and(|stopped| stopped.person.person == party.person.person)
}

/// What the rules provide for this case if it were decided now.
pub(super) fn assessed(tx: &Transaction, case: &Violation) -> Result<Assessment, Ground> {
    let acted = tx.context.calendar.date(case.filing.acted_at);
    assess(Rules::shipped(), &case.filing.act, acted, today(tx))
}

/// Tells what is intended, with facts, reasons, basis, points and rights (Administrative Penalty Law art. 44, Order 163 art.
/// 13(2)). Told again, it replaces what was told; a hearing that the party has asked for is held nevertheless.
///
/// # Errors
/// If the rules do not provide this sanction; if it is heavier than what was told when the party was heard; while a hearing
/// is outstanding, unless none is due for this sanction.
pub fn tell_intention(tx: &mut Transaction, id: &CaseId, sanction: Sanction) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(
        &case,
        &[Stage::Handling, Stage::Intended],
        "handling or intended",
    )?;
    let assessment = assessed(tx, &case)?;
    super::decision::check_sanction(&assessment, &sanction)?;
    let ceiling = case.intended.as_ref().and_then(|told| told.ceiling);
    if ceiling.is_some_and(|ceiling| sanction.is_heavier_than(&ceiling)) {
        return Err(Ground::HeavierAfterDefence.into());
    }
    let calendar = tx.context.calendar;
    let hearing = sanction.revocation || sanction.fine >= Standards::on(today(tx)).hearing_fine();
    if hearing && matches!(case.hearing, Hearing::Requested | Hearing::Scheduled(_)) {
        return Err(Ground::HearingOutstanding.into());
    }
    let request_by = hearing.then(|| calendar.deadline(tx.now(), limits::HEARING_REQUEST.time));
    let limit = decision_limit(&sanction);
    // Who may ask for a hearing has five days for it; the decision's own limit runs from then.
    let decision_due = match (request_by, case.duties.get(&Duty::Decide)) {
        (Some(request_by), _) => calendar.deadline(request_by, limit),
        (None, Some(due)) => *due,
        (None, None) => calendar.deadline(tx.now(), limit),
    };
    let officer = actor(tx)?;
    record(
        tx,
        id,
        &case,
        [Fact::PenaltyIntended {
            officer,
            sanction,
            assessment,
            hearing,
            request_by,
            decision_due,
        }],
    )
}

fn decision_limit(sanction: &Sanction) -> TimeLimit {
    if sanction.revocation {
        limits::REVOCATION_DECISION.time
    } else if sanction.suspension_months.is_some() {
        limits::SUSPENSION_DECISION.time
    } else {
        limits::FINE_DECISION.time
    }
}

/// Notes what the party says in defence, or that it says nothing (an explicit waiver), and whether it was adopted.
///
/// # Errors
/// Before anything was told.
pub fn hear_defence(
    tx: &mut Transaction,
    id: &CaseId,
    statement: Text<1000>,
    adopted: bool,
) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(&case, &[Stage::Intended], "intended")?;
    record(tx, id, &case, [Fact::DefenceHeard { statement, adopted }])
}

/// The party asks for a hearing, within five working days of being told (Administrative Penalty Law art. 64(1)).
///
/// # Errors
/// By somebody else; if no hearing is due for this penalty, too late, or twice.
pub fn request_hearing(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    let case = hearing_open(tx, id)?;
    record(tx, id, &case, [Fact::HearingRequested])
}

/// The party waives the hearing, so that the decision need not wait.
///
/// # Errors
/// As [`request_hearing`].
pub fn waive_hearing(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    let case = hearing_open(tx, id)?;
    record(tx, id, &case, [Fact::HearingWaived])
}

fn hearing_open(tx: &mut Transaction, id: &CaseId) -> Result<std::sync::Arc<Violation>, Halt> {
    let case = load(tx, id)?;
    as_party(tx, &case)?;
    in_stage(&case, &[Stage::Intended], "intended")?;
    let request_by = case.intended.as_ref().and_then(|told| told.request_by);
    match request_by {
        None => Err(Ground::NoHearingDue.into()),
        Some(by) if tx.now() >= by => Err(Ground::HearingTooLate { by }.into()),
        Some(_) if case.hearing != Hearing::None => {
            Err(Ground::HearingTooLate { by: tx.now() }.into())
        }
        Some(_) => Ok(case),
    }
}

/// Sets time and chair of the hearing, at least seven working days ahead; the chair did not investigate (art. 64(2)(4)).
///
/// # Errors
/// If nothing is intended any more, none was asked for, at too short notice, or under a chair who investigated.
pub fn schedule_hearing(
    tx: &mut Transaction,
    id: &CaseId,
    at: Timestamp,
    chair: Text<64>,
) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(&case, &[Stage::Intended], "intended")?;
    if !matches!(case.hearing, Hearing::Requested | Hearing::Scheduled(_)) {
        return Err(Ground::NoHearingRequested.into());
    }
    let earliest = tx
        .context
        .calendar
        .deadline(tx.now(), limits::HEARING_NOTICE.time);
    if at < earliest {
        return Err(Ground::HearingNoticeTooShort { earliest }.into());
    }
    if case
        .intended
        .as_ref()
        .is_some_and(|told| told.officer == chair)
    {
        return Err(Ground::ChairInvestigated.into());
    }
    record(tx, id, &case, [Fact::HearingScheduled { at, chair }])
}

/// The hearing was held, or the party did not come to it (art. 64(6)); the decision's time limit runs.
///
/// # Errors
/// If nothing is intended any more, or before the time set for it.
pub fn hold_hearing(tx: &mut Transaction, id: &CaseId, abandoned: bool) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(&case, &[Stage::Intended], "intended")?;
    let Hearing::Scheduled(at) = case.hearing else {
        return Err(Ground::NoHearingRequested.into());
    };
    if tx.now() < at {
        return Err(Ground::HearingNotYet { at }.into());
    }
    let limit = case
        .intended
        .as_ref()
        .map_or(limits::FINE_DECISION.time, |told| {
            decision_limit(&told.sanction)
        });
    let decision_due = tx.context.calendar.deadline(tx.now(), limit);
    record(
        tx,
        id,
        &case,
        [Fact::HearingHeld {
            abandoned,
            decision_due,
        }],
    )
}

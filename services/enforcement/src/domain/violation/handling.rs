//! The party comes: identified, told what is intended and why, and heard (Order 157 arts. 44, 48; Administrative Penalty Law
//! arts. 44, 45, 63, 64).

use super::super::assessment::{Assessment, assess};
use super::super::docket::{self, Standing};
use super::super::ground::Ground;
use super::super::licence;
use super::super::limits;
use super::super::rules::{Revocation, Rules};
use super::super::standards::Standards;
use super::super::values::CaseId;
use super::event::{Duty, Fact, Party, Sanction, Source};
use super::referral::check_left_to_police;
use super::steps::{actor, as_officer, as_party, in_stage, load, record, today};
use super::{DefaultNotice, Hearing, Stage, Violation};
use chassis::domain::values::Text;
use chassis::domain::{Halt, TimeLimit, Transaction};
use jiff::Timestamp;

/// The party comes to have the case handled; the time limit of the decision runs (Order 157 art. 51). A case that rests because
/// it was referred as a crime goes on only to what is left to the police beside it.
///
/// # Errors
/// While an objection waits; [`Ground::PointsFull`]: with 12 points nobody takes the records of another vehicle; or
/// [`Ground::ReferredAsCrime`].
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
            Stage::Referred,
        ],
        "entered, notified, stopped, summoned or referred",
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
    check_left_to_police(&case, &assessed)?;
    let limit = limit_provided(&assessed);
    let decision_due = tx.context.calendar.deadline(tx.now(), limit);
    let resumed = case.stage == Stage::Referred;
    record(
        tx,
        id,
        &case,
        [Fact::HandlingAccepted {
            party,
            decision_due,
            resumed,
        }],
    )?;
    if resumed {
        docket::reopen(tx, id, &case.filing, Standing::Open)?;
    }
    Ok(())
}

/// The time limit of the decision that the rules provide, before one is intended (Order 157 art. 51).
pub(super) fn limit_provided(assessed: &Assessment) -> TimeLimit {
    if assessed.penalty.revocation == Revocation::Must {
        limits::REVOCATION_DECISION.time
    } else if assessed.penalty.suspension_months.is_some() {
        limits::SUSPENSION_DECISION.time
    } else {
        limits::FINE_DECISION.time
    }
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
/// If the rules do not provide this sanction, or it is not left to the police beside a crime; if it is heavier than what was
/// told when the party was heard; while a hearing is outstanding, unless none is due for this sanction.
pub fn tell_intention(tx: &mut Transaction, id: &CaseId, sanction: Sanction) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(
        &case,
        &[Stage::Handling, Stage::Intended],
        "handling or intended",
    )?;
    let assessment = assessed(tx, &case)?;
    check_left_to_police(&case, &assessment)?;
    super::decision::check_sanction(&assessment, &sanction)?;
    check_ceiling(&case, &sanction)?;
    let calendar = tx.context.calendar;
    let hearing = is_hearing_due(tx, &sanction);
    // In handling it was asked for before anything was told in this procedure, and what is told now is what it is about.
    let outstanding = matches!(case.hearing, Hearing::Requested | Hearing::Scheduled(_));
    if hearing && outstanding && case.stage == Stage::Intended {
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

/// Whether a hearing may be asked for (Administrative Penalty Law art. 63(1)(1)(3)).
pub(super) fn is_hearing_due(tx: &Transaction, sanction: &Sanction) -> bool {
    sanction.revocation || sanction.fine >= Standards::on(today(tx)).hearing_fine()
}

/// Nothing heavier than what the party was told when it was last heard (Administrative Penalty Law art. 45(2)).
pub(super) fn check_ceiling(case: &Violation, sanction: &Sanction) -> Result<(), Ground> {
    match case.ceiling {
        Some(ceiling) if sanction.is_heavier_than(&ceiling) => Err(Ground::HeavierAfterDefence),
        _ => Ok(()),
    }
}

pub(super) fn decision_limit(sanction: &Sanction) -> TimeLimit {
    if sanction.revocation {
        limits::REVOCATION_DECISION.time
    } else if sanction.suspension_months.is_some() {
        limits::SUSPENSION_DECISION.time
    } else {
        limits::FINE_DECISION.time
    }
}

/// Notes what the party says in defence, or that it says nothing (an explicit waiver), and whether it was adopted. Who defends
/// itself against what was told in absence is not decided against in absence (Order 157 art. 54(2)).
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
    if told_in_absence(&case).is_none() {
        in_stage(&case, &[Stage::Intended], "intended")?;
    }
    record(tx, id, &case, [Fact::DefenceHeard { statement, adopted }])
}

/// The party asks for a hearing, within five working days of being told (Administrative Penalty Law art. 64(1)); who was told in
/// absence, until the announcement ends, which tells it again and for longer than these days.
///
/// # Errors
/// By somebody else; if no hearing is due for this penalty, too late, or twice.
pub fn request_hearing(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    let case = load(tx, id)?;
    match told_in_absence(&case) {
        Some(notice) => {
            as_party(tx, &case)?;
            super::default::check_hearing(tx, &case, notice)?;
        }
        None => check_hearing_open(tx, &case)?,
    }
    record(tx, id, &case, [Fact::HearingRequested])
}

/// What was told to who has left records unhandled, until that party comes.
fn told_in_absence(case: &Violation) -> Option<&DefaultNotice> {
    let notice = case.default.as_ref();
    notice.filter(|_| case.stage == Stage::Notified)
}

/// The party waives the hearing, so that the decision need not wait.
///
/// # Errors
/// As [`request_hearing`].
pub fn waive_hearing(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    let case = load(tx, id)?;
    check_hearing_open(tx, &case)?;
    record(tx, id, &case, [Fact::HearingWaived])
}

fn check_hearing_open(tx: &Transaction, case: &Violation) -> Result<(), Ground> {
    as_party(tx, case)?;
    in_stage(case, &[Stage::Intended], "intended")?;
    let request_by = case.intended.as_ref().and_then(|told| told.request_by);
    match request_by {
        None => Err(Ground::NoHearingDue),
        Some(by) if tx.now() >= by => Err(Ground::HearingTooLate { by }),
        Some(_) if case.hearing != Hearing::None => Err(Ground::HearingTooLate { by: tx.now() }),
        Some(_) => Ok(()),
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

//! Decisions in absence: five or more unhandled records of one vehicle, told, announced, decided (Order 157 art. 54).

use super::super::docket::{self, DEFAULT_FROM, Docket};
use super::super::ground::Ground;
use super::super::limits;
use super::super::values::CaseId;
use super::decision::{check_sanction, decided, officers, points_of, serve_by};
use super::event::{Decision, Fact, Procedure, Sanction};
use super::handling::assessed;
use super::legal_review;
use super::steps::{as_officer, in_stage, load, record, today};
use super::{DefaultNotice, Stage, Violation};
use chassis::domain::values::Text;
use chassis::domain::{Halt, Transaction};

/// Tells the driver or owner what is intended, by the contacts on file.
///
/// # Errors
/// With fewer than five records past their thirty days, or before this one's have passed.
pub fn warn(tx: &mut Transaction, id: &CaseId, sanction: Sanction) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(&case, &[Stage::Notified], "notified")?;
    if case.handle_by.is_none_or(|by| tx.now() < by) || case.objection_due.is_some() {
        return Err(Ground::HandlingTimeRuns.into());
    }
    let unhandled = match docket::of_filing(&case.filing) {
        Some(docket) => tx
            .load::<Docket>(&docket)?
            .map_or(0, |docket| docket.overdue(tx.now())),
        None => 0,
    };
    if unhandled < DEFAULT_FROM {
        return Err(Ground::TooFewUnhandled { unhandled }.into());
    }
    let assessment = assessed(tx, &case)?;
    check_sanction(&assessment, &sanction)?;
    if sanction.revocation || sanction.suspension_months.is_some() {
        return Err(Ground::NotInAbsence.into());
    }
    let announce_from = tx
        .context
        .calendar
        .deadline(tx.now(), limits::DEFAULT_WARNING.time);
    record(
        tx,
        id,
        &case,
        [Fact::DefaultWarned {
            sanction,
            assessment,
            announce_from,
        }],
    )
}

/// Announces it, thirty days later.
///
/// # Errors
/// If it was not told, before the thirty days have passed, twice, or while an objection waits.
pub fn announce(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    let default = notice(&case)?;
    if tx.now() < default.announce_from {
        return Err(Ground::HandlingTimeRuns.into());
    }
    if default.announcement_ends.is_some() {
        return Err(Ground::AlreadyAnnounced.into());
    }
    let ends = tx
        .context
        .calendar
        .deadline(tx.now(), limits::DEFAULT_ANNOUNCEMENT.time);
    record(tx, id, &case, [Fact::DefaultAnnounced { ends }])
}

/// Decides in absence, what was told and nothing else: without points, unless the driver is known.
///
/// # Errors
/// Before the seven working days of the announcement have passed, with fewer than two officers beyond 200 yuan, without
/// the legal review that it needs, or while an objection waits.
pub fn decide(tx: &mut Transaction, id: &CaseId, co_officers: Vec<Text<64>>) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    let default = notice(&case)?.clone();
    if default.announcement_ends.is_none_or(|ends| tx.now() < ends) {
        return Err(Ground::AnnouncementRuns.into());
    }
    let assessment = assessed(tx, &case)?;
    check_sanction(&assessment, &default.sanction)?;
    let officers = officers(tx, co_officers)?;
    if !default.sanction.admits_simple_procedure() && officers.len() < 2 {
        return Err(Ground::TwoOfficersNeeded.into());
    }
    legal_review::check(&case, &officers)?;
    let party = case.party.clone();
    let decision = Decision {
        procedure: Procedure::Default,
        sanction: default.sanction,
        points: points_of(&default.sanction, party.as_ref(), &assessment),
        assessment,
        act: case.filing.act.clone(),
        acted_on: tx.context.calendar.date(case.filing.acted_at),
        decided_on: today(tx),
        decided_at: tx.now(),
        officers,
        party,
        file_by: None,
        serve_by: serve_by(tx),
        withheld_on: None,
    };
    decided(tx, id, &case, decision)
}

fn notice(case: &Violation) -> Result<&DefaultNotice, Ground> {
    in_stage(case, &[Stage::Notified], "notified")?;
    // Whoever objects has spoken up: art. 54(2) then knows no decision in absence.
    if case.objection_due.is_some() {
        return Err(Ground::ObjectionWaits);
    }
    case.default.as_ref().ok_or(Ground::NotWarnedOfDefault)
}

//! Decisions in absence: five or more unhandled records of one vehicle, told to who answers for them, announced, decided unless
//! that party has spoken up (Order 157 art. 54).

use super::super::docket::{self, DEFAULT_FROM, Docket};
use super::super::ground::Ground;
use super::super::limits;
use super::super::values::CaseId;
use super::decision::{check_sanction, decided, officers, points_of, serve_by};
use super::event::{Decision, Fact, NoticeChannel, Party, Procedure, Sanction, Telling};
use super::handling::{assessed, check_ceiling, is_hearing_due};
use super::legal_review;
use super::referral::check_left_to_police;
use super::steps::{as_officer, authority, in_stage, load, record, today};
use super::{DefaultNotice, Hearing, Stage, Violation};
use chassis::domain::values::{DocumentNumber, Text};
use chassis::domain::{Halt, Transaction};

/// What is intended, and the proof of who was told.
#[derive(Clone, Debug)]
pub struct Warning {
    pub sanction: Sanction,
    /// The driver, owner or manager who is told, and whom the decision will be about (Road Traffic Safety Law art. 114);
    /// `None`: who is known of the case already.
    pub party: Option<Party>,
    pub through: NoticeChannel,
    pub receipt: DocumentNumber,
}

/// Tells the driver or owner what is intended, by the contacts on file.
///
/// # Errors
/// With fewer than five records past their thirty days, or before this one's have passed; if nobody is identified, or who is
/// told has spoken up already.
pub fn warn(tx: &mut Transaction, id: &CaseId, warning: Warning) -> Result<(), Halt> {
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
    let Warning {
        sanction,
        party,
        through,
        receipt,
    } = warning;
    let assessment = assessed(tx, &case)?;
    check_left_to_police(&case, &assessment)?;
    check_sanction(&assessment, &sanction)?;
    if sanction.revocation || sanction.suspension_months.is_some() {
        return Err(Ground::NotInAbsence.into());
    }
    let Some(told) = party.as_ref().or(case.party.as_ref()) else {
        return Err(Ground::PartyNotIdentified.into());
    };
    let told = &told.person.person;
    let heard = case.default.as_ref().filter(|notice| notice.spoken_up);
    if heard.is_some_and(|notice| notice.told.as_ref() == Some(told)) {
        return Err(Ground::SpokenUp.into());
    }
    if case.is_of(told) {
        check_ceiling(&case, &sanction)?;
    }
    let hearing = is_hearing_due(tx, &sanction);
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
            party,
            telling: Some(Telling { through, receipt }),
            hearing,
        }],
    )
}

/// Announces it, thirty days later.
///
/// # Errors
/// If who answers for it was not told or has spoken up, before the thirty days have passed, twice, or while an objection waits.
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

/// Decides in absence, against who was told, what was told and nothing else: without points, unless the driver is known. By then
/// the days to ask for a hearing have passed twice, after the telling and within the announcement.
///
/// # Errors
/// If who answers for it was not told or has spoken up; before the seven working days of the announcement have passed, with
/// fewer than two officers beyond 200 yuan, without the legal review that it needs, or while an objection waits.
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
        authority: Some(authority(tx, &case, &default.sanction)),
    };
    decided(tx, id, &case, decision)
}

/// Whether who was told may ask for a hearing still.
pub(super) fn check_hearing(
    tx: &Transaction,
    case: &Violation,
    notice: &DefaultNotice,
) -> Result<(), Ground> {
    if !notice.hearing {
        return Err(Ground::NoHearingDue);
    }
    match notice.announcement_ends {
        Some(by) if tx.now() >= by => Err(Ground::HearingTooLate { by }),
        _ if case.hearing != Hearing::None => Err(Ground::HearingTooLate { by: tx.now() }),
        _ => Ok(()),
    }
}

fn notice(case: &Violation) -> Result<&DefaultNotice, Ground> {
    in_stage(case, &[Stage::Notified], "notified")?;
    if case.objection_due.is_some() {
        return Err(Ground::ObjectionWaits);
    }
    // Who was told, and nobody who was identified since, is who it is decided against.
    let notice = case.default.as_ref().ok_or(Ground::NotWarnedOfDefault)?;
    if !notice.told.as_ref().is_some_and(|told| case.is_of(told)) {
        return Err(Ground::NotWarnedOfDefault);
    }
    // Whoever objects or defends itself has spoken up: art. 54(2) then knows no decision in absence.
    if notice.spoken_up {
        return Err(Ground::SpokenUp);
    }
    Ok(notice)
}

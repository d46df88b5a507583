//! Acts that an officer finds: an oral warning, a decision on the spot, or a summons (Order 157 arts. 42 to 47).

use super::super::docket::{self, Standing};
use super::super::ground::Ground;
use super::super::limits;
use super::super::values::CaseId;
use super::Stage;
use super::capture::{check_filing, file};
use super::event::{Duty, Fact, Filing, Source};
use super::referral::check_not_referred;
use super::steps::{as_officer, in_stage, load, record};
use chassis::domain::values::Text;
use chassis::domain::{Halt, Transaction};

/// An officer stops somebody and notes the act; what follows is a warning, a decision or a summons.
///
/// # Errors
/// By an officer of another district, without a party, or as [`super::capture::record_violation`].
pub fn stop(tx: &mut Transaction, mut filing: Filing) -> Result<CaseId, Halt> {
    if filing.source != Source::OnTheSpot {
        return Err(Ground::NotOnTheSpot.into());
    }
    if filing.party.is_none() {
        return Err(Ground::PartyUnknown.into());
    }
    if !tx.context.actor.decides_for(filing.place.district) {
        return Err(Ground::OutsideDistrict.into());
    }
    check_filing(tx, &filing)?;
    filing.due = None;
    file(tx, filing, Fact::StoppedOnTheSpot)
}

/// The act is slight and hindered nobody: told, and let go (Order 157 art. 42(1), Road Traffic Safety Law art. 87(2)).
///
/// # Errors
/// If something was decided, the case is referred as a crime, or the rules know no warning for the act.
pub fn warn_orally(tx: &mut Transaction, id: &CaseId, remarks: Text<500>) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(&case, &[Stage::Stopped], "stopped")?;
    check_not_referred(&case)?;
    let calendar = tx.context.calendar;
    let assessed = super::super::assessment::assess(
        super::super::rules::Rules::shipped(),
        &case.filing.act,
        calendar.date(case.filing.acted_at),
        calendar.date(tx.now()),
    )?;
    // Art. 93(1) of the law itself names parking; everything else needs a rule that knows the warning.
    let parking = case.filing.act.conduct == super::super::conduct::Conduct::IllegalParking;
    if !assessed.penalty.warning && !parking {
        return Err(Ground::NotSlight.into());
    }
    record(tx, id, &case, [Fact::OrallyWarned { remarks }])?;
    docket::move_case(tx, id, &case.filing, Standing::Closed, None)
}

/// Hands over the notice to come within fifteen working days (Order 157 art. 46).
///
/// # Errors
/// If something was decided.
pub fn summon(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(&case, &[Stage::Stopped], "stopped")?;
    let handle_by = tx.context.calendar.deadline(tx.now(), limits::SUMMONS.time);
    let file_by = tx
        .context
        .calendar
        .deadline(tx.now(), limits::SUMMONS_FILING.time);
    record(tx, id, &case, [Fact::Summoned { handle_by, file_by }])
}

/// The papers of the roadside, summons and decision, are with the station: each that is not filed yet, in time or late.
///
/// # Errors
/// If no papers are due, or all are filed.
pub fn file_papers(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    let papers = [
        (Duty::FileSummons, Fact::SummonsFiled),
        (Duty::FilePapers, Fact::PapersFiled),
    ];
    let lacking = papers.into_iter().filter(|(duty, _)| case.lacks(*duty));
    let filed: Vec<Fact> = lacking.map(|(_, filed)| filed).collect();
    if filed.is_empty() {
        return Err(Ground::NoPapersDue.into());
    }
    record(tx, id, &case, filed)
}

//! The decision: by whom, in which procedure, within which room; points posted with it; and made again as it stood.

use super::super::assessment::{Assessment, assess};
use super::super::docket::{self, Standing};
use super::super::ground::Ground;
use super::super::licence;
use super::super::limits;
use super::super::rules::{Revocation, Rules};
use super::super::values::CaseId;
use super::event::{Decision, Fact, NoPenaltyGround, Party, Procedure, Sanction, Service, Source};
use super::handling::{assessed, check_ceiling};
use super::legal_review;
use super::referral::{check_left_to_police, check_not_referred};
use super::steps::{actor, as_city, as_officer, authority, in_stage, load, record, today};
use super::{Hearing, Stage, Violation};
use chassis::domain::values::Text;
use chassis::domain::{Halt, Transaction};
use jiff::Timestamp;
use jiff::civil::Date;

/// Co-officers of one decision.
pub const MOST_CO_OFFICERS: usize = 9;

/// Decides a case.
#[derive(Clone, Debug)]
pub struct Decide {
    pub sanction: Sanction,
    /// Who decides together with the acting officer: one at least in the general procedure (Order 157 art. 48).
    pub co_officers: Vec<Text<64>>,
    /// Simple procedure: facts, penalty, basis and rights were told, and the party was heard (Order 157 art. 44(1)(1)(2)).
    pub told_and_heard: bool,
    /// Since when the licence has been withheld beforehand, if it was.
    pub withheld_on: Option<Date>,
}

/// # Errors
/// If the law does not provide the sanction, it is not left to the police beside a crime, the procedure was not kept, a legal
/// review is missing, the act is fined already, or the licence cannot have been withheld then.
pub fn decide(tx: &mut Transaction, id: &CaseId, command: Decide) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(
        &case,
        &[Stage::Stopped, Stage::Handling, Stage::Intended],
        "stopped, handling or intended",
    )?;
    let sanction = command.sanction;
    let assessment = assessed(tx, &case)?;
    check_left_to_police(&case, &assessment)?;
    check_sanction(&assessment, &sanction)?;
    if sanction.revocation {
        as_city(tx, &case)?;
    }
    let officers = officers(tx, command.co_officers)?;
    let procedure = if case.stage == Stage::Intended {
        check_general(tx, &case, &sanction, officers.len())?;
        Procedure::General
    } else {
        if !sanction.admits_simple_procedure() {
            return Err(Ground::GeneralProcedureNeeded.into());
        }
        if !command.told_and_heard {
            return Err(Ground::NotToldAndHeard.into());
        }
        check_ceiling(&case, &sanction)?;
        Procedure::Simple
    };
    legal_review::check(&case, &officers)?;
    check_withheld(tx, &case, &sanction, command.withheld_on)?;
    let file_by =
        (procedure == Procedure::Simple && case.filing.source == Source::OnTheSpot).then(|| {
            tx.context
                .calendar
                .deadline(tx.now(), limits::SIMPLE_FILING.time)
        });
    let party = case.party.clone();
    let decision = Decision {
        procedure,
        sanction,
        points: points_of(&sanction, party.as_ref(), &assessment),
        assessment,
        act: case.filing.act.clone(),
        acted_on: tx.context.calendar.date(case.filing.acted_at),
        decided_on: today(tx),
        decided_at: tx.now(),
        officers,
        party,
        file_by,
        serve_by: serve_by(tx),
        withheld_on: command.withheld_on,
        authority: Some(authority(tx, &case, &sanction)),
    };
    decided(tx, id, &case, decision)
}

/// By when a decision of now must reach the party.
pub(super) fn serve_by(tx: &Transaction) -> Timestamp {
    tx.context.calendar.deadline(tx.now(), limits::SERVICE.time)
}

fn check_withheld(
    tx: &Transaction,
    case: &Violation,
    sanction: &Sanction,
    withheld_on: Option<Date>,
) -> Result<(), Ground> {
    let Some(day) = withheld_on else {
        return Ok(());
    };
    let acted = tx.context.calendar.date(case.filing.acted_at);
    if sanction.suspension_months.is_some() && (acted..=today(tx)).contains(&day) {
        Ok(())
    } else {
        Err(Ground::WithheldTime)
    }
}

/// Records a decision, and posts its points in the same step (Order 163 art. 13(1)).
pub(super) fn decided(
    tx: &mut Transaction,
    id: &CaseId,
    case: &Violation,
    decision: Decision,
) -> Result<(), Halt> {
    let fined = !decision.sanction.fine.is_zero();
    if fined {
        docket::not_fined_twice(tx, id, &case.filing)?;
    }
    let driver = decision.party.clone();
    let standing = if fined {
        Standing::Fined
    } else {
        Standing::Closed
    };
    let from_record = case.filing.source != Source::OnTheSpot;
    let handled_by = driver
        .as_ref()
        .filter(|party| from_record && party.licence.is_some())
        .map(|party| party.person.person.clone());
    record(tx, id, case, [Fact::PenaltyDecided(decision.clone())])?;
    docket::move_case(tx, id, &case.filing, standing, handled_by)?;
    if let Some(party) = driver {
        licence::post(tx, id, case, &party, &decision)?;
    }
    Ok(())
}

/// With a warning there are no points (Order 163 art. 28); points need a driver with a licence.
pub(super) fn points_of(sanction: &Sanction, party: Option<&Party>, assessment: &Assessment) -> u8 {
    let licensed = party.is_some_and(|party| party.licence.is_some());
    if sanction.warning || !licensed {
        0
    } else {
        assessment.points
    }
}

pub(super) fn officers(
    tx: &Transaction,
    co_officers: Vec<Text<64>>,
) -> Result<Vec<Text<64>>, Ground> {
    let mut officers = vec![actor(tx)?];
    for officer in co_officers.into_iter().take(MOST_CO_OFFICERS) {
        if !officers.contains(&officer) {
            officers.push(officer);
        }
    }
    Ok(officers)
}

/// Two officers, the party heard, the hearing had or forgone, and nothing heavier than was told.
fn check_general(
    tx: &Transaction,
    case: &Violation,
    sanction: &Sanction,
    officers: usize,
) -> Result<(), Ground> {
    if officers < 2 {
        return Err(Ground::TwoOfficersNeeded);
    }
    let Some(told) = &case.intended else {
        return Err(Ground::NotToldAndHeard);
    };
    if !told.defence_heard {
        return Err(Ground::NotToldAndHeard);
    }
    if sanction.is_heavier_than(&told.sanction) {
        return Err(Ground::HeavierAfterDefence);
    }
    match (case.hearing, told.request_by) {
        (Hearing::Requested | Hearing::Scheduled(_), _) => Err(Ground::HearingOutstanding),
        (Hearing::None, Some(by)) if tx.now() < by => Err(Ground::HearingOutstanding),
        _ => Ok(()),
    }
}

/// Whether the rules provide this sanction.
pub(super) fn check_sanction(assessment: &Assessment, sanction: &Sanction) -> Result<(), Ground> {
    let penalty = &assessment.penalty;
    let outside = || Ground::SanctionNotProvided {
        basis: penalty.leading().basis.clone(),
    };
    if penalty.crime && !sanction.revocation {
        return Err(outside());
    }
    if sanction.warning {
        let alone =
            sanction.fine.is_zero() && sanction.suspension_months.is_none() && !sanction.revocation;
        return if penalty.warning && alone {
            Ok(())
        } else {
            Err(outside())
        };
    }
    let fine_fits = match penalty.fine {
        None => sanction.fine.is_zero(),
        Some(range) => {
            let least = if sanction.mitigation.is_some() {
                chassis::domain::values::Fen::ZERO
            } else {
                range.least
            };
            !sanction.fine.is_zero() && least <= sanction.fine && sanction.fine <= range.most
        }
    };
    let suspension_fits = sanction.suspension_months == penalty.suspension_months
        || sanction.mitigation.is_some() && sanction.suspension_months < penalty.suspension_months;
    let revocation_fits = match penalty.revocation {
        Revocation::None => !sanction.revocation,
        Revocation::May => true,
        Revocation::Must => sanction.revocation,
    };
    let nothing =
        sanction.fine.is_zero() && sanction.suspension_months.is_none() && !sanction.revocation;
    if fine_fits && suspension_fits && revocation_fits && !nothing {
        Ok(())
    } else {
        Err(outside())
    }
}

/// The act is not punished; the party is taught (Administrative Penalty Law arts. 30, 31, 33, 57).
///
/// # Errors
/// Before the party has come, after a decision, or while the case is referred as a crime.
pub fn decide_no_penalty(
    tx: &mut Transaction,
    id: &CaseId,
    ground: NoPenaltyGround,
    remarks: Text<500>,
) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(
        &case,
        &[Stage::Stopped, Stage::Handling, Stage::Intended],
        "stopped, handling or intended",
    )?;
    check_not_referred(&case)?;
    let basis = ground.basis();
    record(
        tx,
        id,
        &case,
        [Fact::NotPunished {
            ground,
            basis,
            remarks,
        }],
    )?;
    docket::move_case(tx, id, &case.filing, Standing::Closed, None)
}

/// Delivery has failed: the decision is announced for sixty days, and with their end it is served (Order 157 arts. 55, 56(2)).
///
/// # Errors
/// If it is not decided, or announced already.
pub fn announce(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(&case, &[Stage::Decided], "decided")?;
    if case.announcement_ends.is_some() {
        return Err(Ground::AlreadyAnnounced.into());
    }
    let ends = tx
        .context
        .calendar
        .deadline(tx.now(), limits::PUBLIC_SERVICE.time);
    record(tx, id, &case, [Fact::DecisionAnnounced { ends }])
}

/// The decision has reached the party, at a time that may be before this is noted: payment within fifteen days of it,
/// reconsideration within sixty; measures on the licence begin. `delivered_at`: `None` means now, or the end of the announcement.
///
/// # Errors
/// If it is not decided; before the decision or in the future; after an announcement has ended, which has served it; by
/// announcement before it ends.
pub fn serve(
    tx: &mut Transaction,
    id: &CaseId,
    how: Service,
    delivered_at: Option<Timestamp>,
) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(&case, &[Stage::Decided], "decided")?;
    let at = delivery(tx, &case, how, delivered_at)?;
    served(tx, id, &case, how, at)
}

/// When it was delivered, if it can have been then.
fn delivery(
    tx: &Transaction,
    case: &Violation,
    how: Service,
    delivered_at: Option<Timestamp>,
) -> Result<Timestamp, Ground> {
    let now = tx.now();
    if how == Service::Announced {
        let ended = case.announcement_ends.filter(|ends| *ends <= now);
        let ended = ended.ok_or(Ground::AnnouncementRuns)?;
        return match delivered_at {
            Some(at) if at != ended => Err(Ground::ServeTime),
            _ => Ok(ended),
        };
    }
    let decided_at = case.decision.as_ref().map_or(now, |it| it.decided_at);
    // The replica that decided may be ahead of this one.
    let at = delivered_at.unwrap_or_else(|| now.max(decided_at));
    let announced = case.announcement_ends.is_some_and(|ends| ends <= at);
    if tx.is_yet_to_come(at) || at < decided_at || announced {
        return Err(Ground::ServeTime);
    }
    Ok(at)
}

/// What follows from the service of a decision, counted from `at`, whenever it is recorded.
pub(super) fn served(
    tx: &mut Transaction,
    id: &CaseId,
    case: &Violation,
    how: Service,
    at: Timestamp,
) -> Result<(), Halt> {
    let Some(decision) = &case.decision else {
        return Err(Ground::WrongState {
            is: case.stage.as_str(),
            needs: "decided",
        }
        .into());
    };
    let calendar = tx.context.calendar;
    let free = decision.sanction.fine.is_zero();
    let pay_by = (!free).then(|| calendar.deadline(at, limits::PAYMENT.time));
    let reconsider_by = calendar.deadline(at, limits::RECONSIDERATION.time);
    let mut facts = vec![Fact::DecisionServed {
        how,
        served_at: Some(at),
        pay_by,
        reconsider_by,
    }];
    if free {
        facts.push(Fact::ViolationSettled {
            surcharge: chassis::domain::values::Fen::ZERO,
        });
    }
    record(tx, id, case, facts)?;
    if let Some(party) = &decision.party {
        licence::served(tx, id, &party.person.person, decision, pay_by, at)?;
    }
    Ok(())
}

/// A decision made again from what was known then, under the versions of the rules that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recomputation {
    pub assessment: Assessment,
    /// What does not come out as it was recorded.
    pub differs: Vec<DecisionPart>,
}

/// A part of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionPart {
    /// What the rules provide, or which rules in which version.
    Assessment,
    /// The sanction is not within what the rules provide.
    Sanction,
    Points,
}

impl Recomputation {
    pub fn agrees(&self) -> bool {
        self.differs.is_empty()
    }
}

/// # Errors
/// [`Ground::NoRuleInForce`] if the tables no longer hold the rules that it was decided under.
pub fn recompute(rules: &Rules, decision: &Decision) -> Result<Recomputation, Ground> {
    let assessment = assess(rules, &decision.act, decision.acted_on, decision.decided_on)?;
    let points = points_of(&decision.sanction, decision.party.as_ref(), &assessment);
    let parts = [
        (DecisionPart::Assessment, assessment == decision.assessment),
        (
            DecisionPart::Sanction,
            check_sanction(&assessment, &decision.sanction).is_ok(),
        ),
        (DecisionPart::Points, points == decision.points),
    ];
    let differing = parts.into_iter().filter(|(_, same)| !same);
    Ok(Recomputation {
        differs: differing.map(|(part, _)| part).collect(),
        assessment,
    })
}

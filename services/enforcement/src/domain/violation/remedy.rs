//! Reconsideration and lawsuit, what they leave of a decision, and revocation where points were traded.

use super::super::docket::{self, Standing};
use super::super::ground::Ground;
use super::super::licence::{self, Effect};
use super::super::limits;
use super::super::redress::Redress;
use super::super::values::{CaseId, city_of};
use super::event::{Fact, Procedure, Remedy, RemedyOutcome, Source};
use super::payment::settle;
use super::steps::{as_officer, as_party, load, record};
use super::{Stage, Violation};
use chassis::domain::values::{Fen, Text};
use chassis::domain::{Halt, LegalCalendar, Transaction};
use jiff::Timestamp;

/// The party seeks a remedy. The decision goes on being enforced, but no surcharge is counted (Administrative Penalty Law art.
/// 73(1)(3)).
///
/// # Errors
/// By somebody else; reconsideration beyond sixty days, a second time, or after a lawsuit that a court took (arts. 29(2), 30(1)(7)); a lawsuit against a decision on the spot before reconsideration
/// (Administrative Reconsideration Law art. 23(1)(1)); two remedies at once (art. 29).
pub fn seek(
    tx: &mut Transaction,
    id: &CaseId,
    remedy: Remedy,
    sought_at: Timestamp,
) -> Result<(), Halt> {
    sought(tx, id, remedy, sought_at, None)
}

/// Reconsideration that its authority has accepted beyond the sixty days, for the obstacle that the party met (不可抗力或者其他正当
/// 理由, Administrative Reconsideration Law art. 20(2)). Within the sixty days it is as [`seek`], and the reason is not noted.
///
/// # Errors
/// As [`seek`]; by anybody but an officer, for it is the authority that accepts; beyond five years from the decision (art. 21).
pub fn seek_late(
    tx: &mut Transaction,
    id: &CaseId,
    sought_at: Timestamp,
    reason: Text<500>,
) -> Result<(), Halt> {
    sought(tx, id, Remedy::Reconsideration, sought_at, Some(reason))
}

fn sought(
    tx: &mut Transaction,
    id: &CaseId,
    remedy: Remedy,
    sought_at: Timestamp,
    late: Option<Text<500>>,
) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_party(tx, &case)?;
    let (Some(served), Some(until)) = (case.served_at, case.reconsider_by) else {
        return Err(Ground::WrongState {
            is: case.stage.as_str(),
            needs: "served or settled",
        }
        .into());
    };
    super::steps::in_stage(&case, &[Stage::Served, Stage::Settled], "served or settled")?;
    if tx.is_yet_to_come(sought_at) || sought_at < served {
        return Err(Ground::RemedyTime.into());
    }
    if case.remedy.is_some() {
        return Err(Ground::RemedyUnderWay.into());
    }
    match remedy {
        Remedy::Reconsideration if case.reconsidered => {
            return Err(Ground::AlreadyReconsidered.into());
        }
        Remedy::Reconsideration if case.sued => return Err(Ground::AlreadySued.into()),
        Remedy::Reconsideration if sought_at >= until => {
            let accepted = late.is_some() && as_officer(tx, &case).is_ok();
            if !accepted {
                return Err(Ground::ReconsiderationTooLate { until }.into());
            }
            let decided_at = case.decision.as_ref().map_or(served, |it| it.decided_at);
            let until = limits::latest_reconsideration(tx.context.calendar, decided_at);
            if sought_at >= until {
                return Err(Ground::ReconsiderationBarred { until }.into());
            }
        }
        Remedy::Lawsuit if on_the_spot(&case) && !case.reconsidered => {
            return Err(Ground::ReconsiderationFirst.into());
        }
        _ => {}
    }
    record(
        tx,
        id,
        &case,
        [Fact::RemedySought {
            remedy,
            at: sought_at,
            late: late.filter(|_| sought_at >= until),
        }],
    )
}

fn on_the_spot(case: &Violation) -> bool {
    case.filing.source == Source::OnTheSpot
        && case
            .decision
            .as_ref()
            .is_some_and(|decision| decision.procedure == Procedure::Simple)
}

/// What the instrument of the decision tells of the remedies against it (Administrative Penalty Law arts. 52(2), 59(1)(5), Order
/// 157 arts. 45, 49); `None`: nothing is decided.
pub fn redress(case: &Violation, calendar: &LegalCalendar) -> Option<Redress> {
    let decision = case.decision.as_ref()?;
    let place = case.district();
    let by_city = decision.sanction.revocation;
    let authority = decision
        .authority
        .unwrap_or_else(|| if by_city { city_of(place) } else { place });
    let first = on_the_spot(case);
    Some(Redress {
        authority,
        reconsider_by: case.reconsider_by,
        reconsideration_first: first,
        sue_by: case
            .served_at
            .filter(|_| !first)
            .map(|served| limits::latest_lawsuit(calendar, served)),
    })
}

/// What reconsideration or court decided: the fine, the points and the measures on the licence follow (Order 163 art. 16),
/// and what was paid beyond the fine that stands and its surcharge is ordered back.
///
/// # Errors
/// If no remedy is under way, or it would leave the party worse off (Administrative Reconsideration Law art. 63(2)).
pub fn end(tx: &mut Transaction, id: &CaseId, outcome: RemedyOutcome) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    let (Some(_), Some((standing, standing_points)), Some(served_at)) =
        (case.remedy, case.standing(), case.served_at)
    else {
        return Err(Ground::NoRemedyUnderWay.into());
    };
    let refund = match &outcome {
        RemedyOutcome::Upheld | RemedyOutcome::Withdrawn => Fen::ZERO,
        RemedyOutcome::Varied { sanction, points } => {
            if sanction.is_heavier_than(&standing) || *points > standing_points {
                return Err(Ground::WorseOff.into());
            }
            let mut varied = case.account.clone();
            varied.vary(sanction.fine);
            varied.overpaid(tx.context.calendar, tx.now())
        }
        RemedyOutcome::Revoked => case.account.paid(),
    };
    let driver = case.decision.as_ref().and_then(|d| d.party.clone());
    let withheld_on = case.decision.as_ref().and_then(|d| d.withheld_on);
    record(
        tx,
        id,
        &case,
        [Fact::RemedyEnded {
            outcome: outcome.clone(),
            refund,
        }],
    )?;
    match outcome {
        RemedyOutcome::Upheld | RemedyOutcome::Withdrawn => {}
        RemedyOutcome::Varied { sanction, points } => {
            if let Some(party) = driver {
                let person = &party.person.person;
                let effect = Effect {
                    since: served_at,
                    withheld_on,
                };
                licence::decision_varied(tx, id, person, &sanction, points, effect)?;
            }
            if sanction.fine.is_zero() {
                docket::move_case(tx, id, &case.filing, Standing::Closed, None)?;
            }
            let now = tx.now();
            settle(tx, id, now)?;
        }
        RemedyOutcome::Revoked => {
            if let Some(party) = driver {
                licence::decision_revoked(tx, id, &party.person.person)?;
            }
            docket::move_case(tx, id, &case.filing, Standing::Closed, None)?;
        }
    }
    Ok(())
}

/// Another has taken penalty and points for money: the decision is revoked, the points with it, and the record is open again
/// for the one who drove (Order 163 arts. 16, 30(1)(2)). The trade itself is a case of its own.
///
/// # Errors
/// If nothing was decided, or the case did not come from a record.
pub fn revoke_for_trading(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    super::steps::in_stage(
        &case,
        &[Stage::Decided, Stage::Served, Stage::Settled],
        "decided, served or settled",
    )?;
    if case.filing.source == Source::OnTheSpot || case.remedy.is_some() {
        return Err(Ground::NotARecord.into());
    }
    let driver = case.decision.as_ref().and_then(|d| d.party.clone());
    let handle_by = tx
        .context
        .calendar
        .deadline(tx.now(), limits::HANDLING.time);
    record(
        tx,
        id,
        &case,
        [Fact::DecisionRevokedForTrading {
            refund: case.account.paid(),
            handle_by,
        }],
    )?;
    if let Some(party) = driver {
        licence::decision_revoked(tx, id, &party.person.person)?;
    }
    docket::move_case(tx, id, &case.filing, Standing::HandleBy(handle_by), None)
}

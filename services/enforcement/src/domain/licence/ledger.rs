//! The ledger of points: cycles of twelve months, what rolls over, what decisions post, change and reverse.

use super::super::ground::Ground;
use super::super::limits;
use super::super::standards::Standards;
use super::super::values::CaseId;
use super::super::violation::Violation;
use super::super::violation::event::{Decision, LicenceFacts, Party, Sanction, Source};
use super::standing::{Effect, restore_if_free, suspended_until};
use super::{FULL, Fine, Licence, LicenceEvent, MOST_ENTRIES, id_of};
use chassis::domain::values::PlateNumber;
use chassis::domain::{Halt, LegalCalendar, PersonRef, Transaction};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use std::sync::Arc;

/// Cycles that one command rolls at most: as many as a long life of driving has years.
const MOST_CYCLES: usize = 100;

/// The licence with its cycle brought up to today; `None` if enforcement has never heard of it.
pub(super) fn current(
    tx: &mut Transaction,
    person: &PersonRef,
) -> Result<Option<Arc<Licence>>, Halt> {
    let id = id_of(person);
    let today = tx.context.calendar.date(tx.now());
    for _ in 0..MOST_CYCLES {
        let Some(licence) = tx.load::<Licence>(id)? else {
            return Ok(None);
        };
        if today < licence.cycle_end() {
            return Ok(Some(licence));
        }
        let ended = end_of_cycle(&licence, tx.context.calendar);
        tx.record::<Licence>(id, [ended])?;
    }
    tx.load::<Licence>(id)
}

/// The licence of a driver who must be known.
pub(super) fn known(tx: &mut Transaction, person: &PersonRef) -> Result<Arc<Licence>, Halt> {
    current(tx, person)?.ok_or_else(|| Ground::UnknownLicence.into())
}

/// What the end of a cycle leaves (Order 163 art. 15). Below twelve points everything is cleared, unless a fine is late: then the
/// points of all unpaid fines go into the next cycle. Twelve points and more stay until study and tests clear them (art. 23).
pub(super) fn end_of_cycle(licence: &Licence, calendar: &LegalCalendar) -> LicenceEvent {
    let end = licence.cycle_ends;
    let late = licence
        .entries
        .iter()
        .any(|entry| matches!(entry.fine, Fine::Due(due) if due <= end));
    let full = licence.points() >= FULL || licence.education.is_some();
    let carried: Vec<_> = licence
        .entries
        .iter()
        .filter(|entry| full || late && entry.fine != Fine::Settled)
        .collect();
    // What was taken off stays taken off: nobody starts the new cycle with more than the old one ended with.
    let posted: u32 = carried.iter().map(|entry| u32::from(entry.points)).sum();
    let relief = posted.saturating_sub(licence.points());
    let next = licence.cycle + 1;
    LicenceEvent::CycleEnded {
        cycle: next,
        cycle_ends: calendar.start_of(Licence::cycle_start(&licence.facts, next + 1)),
        carried: carried.iter().map(|entry| entry.case.clone()).collect(),
        relief,
    }
}

/// The number of the cycle that `today` lies in.
fn cycle_on(facts: &LicenceFacts, today: Date) -> Result<u16, Ground> {
    if facts.first_issued > today {
        return Err(Ground::LicenceInTheFuture);
    }
    let years = i32::from(today.year()) - i32::from(facts.first_issued.year());
    let years = u16::try_from(years).unwrap_or(0);
    let begun = Licence::cycle_start(facts, years) <= today;
    Ok(if begun {
        years
    } else {
        years.saturating_sub(1)
    })
}

/// The ledger of the licence that the person holds now: opened, opened anew, or brought up to the present facts.
fn opened(
    tx: &mut Transaction,
    person: &PersonRef,
    facts: LicenceFacts,
) -> Result<Arc<Licence>, Halt> {
    let calendar = tx.context.calendar;
    let kept = current(tx, person)?.filter(|kept| !kept.is_over(&facts, calendar));
    if let Some(kept) = kept.as_ref().filter(|kept| !is_news(&facts, &kept.facts)) {
        return Ok(Arc::clone(kept));
    }
    let cycle = cycle_on(&facts, calendar.date(tx.now()))?;
    let cycle_ends = calendar.start_of(Licence::cycle_start(&facts, cycle + 1));
    let event = match kept {
        None => LicenceEvent::LicenceOpened {
            facts,
            cycle,
            cycle_ends,
        },
        Some(_) => LicenceEvent::LicenceFactsChanged {
            facts,
            cycle,
            cycle_ends,
        },
    };
    tx.record::<Licence>(id_of(person), [event])?;
    restore_if_free(tx, person)?;
    known(tx, person)
}

/// Whether what is told of a licence is not what was known of it, nor of one that was issued before: study and tests go by
/// what a licence admits now (Order 163 arts. 18, 24).
fn is_news(told: &LicenceFacts, known: &LicenceFacts) -> bool {
    told != known && told.first_issued >= known.first_issued
}

/// Whether this driver may still take a record of this vehicle: with twelve points nobody takes records of another one
/// (Order 163 art. 14(2)). `held`: the licence that is shown; the points of one that was revoked before do not count.
///
/// # Errors
/// [`Ground::PointsFull`].
pub fn may_take(
    tx: &mut Transaction,
    person: &PersonRef,
    held: &LicenceFacts,
    plate: &PlateNumber,
) -> Result<(), Halt> {
    let Some(licence) = current(tx, person)? else {
        return Ok(());
    };
    let full = licence.points() >= FULL && !licence.is_over(held, tx.context.calendar);
    if full && licence.full_with.as_ref() != Some(plate) {
        return Err(Ground::PointsFull {
            points: licence.points(),
        }
        .into());
    }
    Ok(())
}

/// Posts what was decided, in the same step as the decision (Order 163 art. 13(1)). At twelve points the licence is detained.
///
/// # Errors
/// [`Ground::PointsFull`] for a record of another vehicle; a licence issued in the future.
pub fn post(
    tx: &mut Transaction,
    case: &CaseId,
    violation: &Violation,
    party: &Party,
    decision: &Decision,
) -> Result<(), Halt> {
    let Some(facts) = party.licence else {
        return Ok(());
    };
    let person = &party.person.person;
    let licence = opened(tx, person, facts)?;
    let from_record = violation.filing.source != Source::OnTheSpot;
    let plate = violation.filing.plate.clone();
    if from_record && let Some(plate) = &plate {
        may_take(tx, person, &facts, plate)?;
    }
    if licence.entries.len() >= MOST_ENTRIES || licence.taken.len() >= MOST_ENTRIES {
        return Err(Ground::LedgerFull.into());
    }
    let taken = plate.clone().filter(|_| from_record);
    tx.record::<Licence>(
        id_of(person),
        [LicenceEvent::PointsPosted {
            case: case.clone(),
            points: decision.points,
            conduct: decision.act.conduct,
            decided_on: decision.decided_on,
            taken,
        }],
    )?;
    detain_if_full(tx, person, plate)?;
    suspect_trading(tx, person)
}

/// Detains the licence when the points reach twelve (Order 163 art. 17(1)).
pub(super) fn detain_if_full(
    tx: &mut Transaction,
    person: &PersonRef,
    full_with: Option<PlateNumber>,
) -> Result<(), Halt> {
    let licence = known(tx, person)?;
    let points = licence.points();
    if points < FULL || licence.education.is_some() {
        return Ok(());
    }
    let respond_by = tx
        .context
        .calendar
        .deadline(tx.now(), limits::POINTS_EDUCATION.time);
    tx.record::<Licence>(
        id_of(person),
        [LicenceEvent::LicenceDetained {
            points,
            full_with,
            respond_by,
        }],
    )
}

/// One driver who takes the records of many vehicles may be selling points (Order 163 art. 30(2)).
fn suspect_trading(tx: &mut Transaction, person: &PersonRef) -> Result<(), Halt> {
    let licence = known(tx, person)?;
    let (now, calendar) = (tx.now(), tx.context.calendar);
    let since = calendar.instant(calendar.local(now) - 12.months());
    let mut vehicles: Vec<&PlateNumber> = licence
        .taken
        .iter()
        .filter(|(_, at)| *at > since)
        .map(|(plate, _)| plate)
        .collect();
    vehicles.sort();
    vehicles.dedup();
    let threshold = Standards::on(calendar.date(now)).trading_vehicles;
    if licence.trading_suspected || vehicles.len() < threshold {
        return Ok(());
    }
    let vehicles = u32::try_from(vehicles.len()).unwrap_or(u32::MAX);
    tx.record::<Licence>(id_of(person), [LicenceEvent::TradingSuspected { vehicles }])
}

/// An officer has looked into it and found no trade.
///
/// # Errors
/// If nothing is suspected of this driver.
pub fn clear_suspicion(tx: &mut Transaction, person: &PersonRef) -> Result<(), Halt> {
    let licence = known(tx, person)?;
    if !licence.trading_suspected {
        return Err(Ground::NothingSuspected.into());
    }
    tx.record::<Licence>(id_of(person), [LicenceEvent::SuspicionCleared])
}

/// A decision takes effect `since` it was served: the fine is due, the licence withheld or revoked.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn served(
    tx: &mut Transaction,
    case: &CaseId,
    person: &PersonRef,
    decision: &Decision,
    pay_by: Option<Timestamp>,
    since: Timestamp,
) -> Result<(), Halt> {
    if current(tx, person)?.is_none() {
        return Ok(());
    }
    let mut events = vec![LicenceEvent::FineServed {
        case: case.clone(),
        due: pay_by,
    }];
    if let Some(months) = decision.sanction.suspension_months {
        let effect = Effect {
            since,
            withheld_on: decision.withheld_on,
        };
        events.push(LicenceEvent::LicenceSuspended {
            case: case.clone(),
            until: suspended_until(tx.context.calendar, effect, months),
        });
    }
    if decision.sanction.revocation {
        events.push(LicenceEvent::LicenceRevoked { case: case.clone() });
    }
    tx.record::<Licence>(id_of(person), events)
}

/// # Errors
/// [`Halt`] if something cannot be read.
pub fn fine_paid(tx: &mut Transaction, case: &CaseId, person: &PersonRef) -> Result<(), Halt> {
    if current(tx, person)?.is_none() {
        return Ok(());
    }
    tx.record::<Licence>(
        id_of(person),
        [LicenceEvent::FinePaid { case: case.clone() }],
    )?;
    super::education::return_licence(tx, person)
}

/// The decision was varied: points and measures follow (Order 163 art. 16). A suspension that was shortened, or stands in
/// place of a revocation, counts from when the decision took effect.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn decision_varied(
    tx: &mut Transaction,
    case: &CaseId,
    person: &PersonRef,
    sanction: &Sanction,
    points: u8,
    effect: Effect,
) -> Result<(), Halt> {
    let Some(licence) = current(tx, person)? else {
        return Ok(());
    };
    let mut events = vec![LicenceEvent::PointsChanged {
        case: case.clone(),
        points,
    }];
    let calendar = tx.context.calendar;
    let until = sanction
        .suspension_months
        .map(|months| suspended_until(calendar, effect, months))
        .filter(|until| *until > tx.now());
    match (until, suspended_by(&licence, case)) {
        (Some(until), stood) if stood != Some(until) => {
            let case = case.clone();
            events.push(LicenceEvent::LicenceSuspended { case, until });
        }
        (None, Some(_)) => events.push(LicenceEvent::SuspensionEnded { case: case.clone() }),
        _ => {}
    }
    if !sanction.revocation && licence.revocations.contains_key(case) {
        events.push(LicenceEvent::RevocationLifted { case: case.clone() });
    }
    tx.record::<Licence>(id_of(person), events)?;
    lift_detention(tx, person)
}

/// The decision was revoked: points and measures are gone (Order 163 art. 16).
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn decision_revoked(
    tx: &mut Transaction,
    case: &CaseId,
    person: &PersonRef,
) -> Result<(), Halt> {
    let Some(licence) = current(tx, person)? else {
        return Ok(());
    };
    let mut events = vec![LicenceEvent::PointsReversed { case: case.clone() }];
    if suspended_by(&licence, case).is_some() {
        events.push(LicenceEvent::SuspensionEnded { case: case.clone() });
    }
    if licence.revocations.contains_key(case) {
        events.push(LicenceEvent::RevocationLifted { case: case.clone() });
    }
    tx.record::<Licence>(id_of(person), events)?;
    lift_detention(tx, person)
}

/// Until when this case suspends the licence.
fn suspended_by(licence: &Licence, case: &CaseId) -> Option<Timestamp> {
    let mut suspensions = licence.suspensions.iter();
    let found = suspensions.find(|(by, _)| by == case);
    found.map(|(_, until)| *until)
}

/// Below twelve points there is nothing to study for.
fn lift_detention(tx: &mut Transaction, person: &PersonRef) -> Result<(), Halt> {
    let licence = known(tx, person)?;
    if licence.education.is_some() && licence.points() < FULL {
        tx.record::<Licence>(id_of(person), [LicenceEvent::DetentionLifted])?;
    }
    restore_if_free(tx, person)
}

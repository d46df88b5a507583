//! What time alone does to a permit: silence accepts, limits warn, validity ends, overdue roads and loads alarm.

use super::application::Application;
use super::event::{DecisionClock, Fact};
use super::instruments::WARNINGS_PERCENT;
use super::permit::{Permit, Stage};
use super::progress::{Progress, Trip, Works};
use super::steps::{load, record, release_places};
use super::values::PermitId;
use chassis::domain::{Halt, Transaction};
use jiff::{Timestamp, ToSpan};

/// One thing that time will do, and when.
type Due = (Timestamp, Fact);

/// The earliest of what time will do to this permit.
pub fn next_due(permit: &Permit) -> Option<Timestamp> {
    due(permit).into_iter().map(|(at, _)| at).min()
}

/// Lets time do what is due on this permit now. Nothing if nothing is due: the permit may have moved on.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn pass_time(tx: &mut Transaction, id: &PermitId) -> Result<(), Halt> {
    let now = tx.now();
    // Each round makes at least one thing no longer due; a permit has fewer than this many deadlines altogether.
    for _ in 0..16 {
        let permit = load(tx, id)?;
        let earliest = due(&permit).into_iter().min_by_key(|(at, _)| *at);
        let Some((_, fact)) = earliest.filter(|(at, _)| *at <= now) else {
            return Ok(());
        };
        let ends = matches!(fact, Fact::PermitExpired | Fact::PermitCompleted);
        record(tx, id, &permit, [fact])?;
        if ends {
            release_places(tx, id, &permit.application)?;
        }
    }
    Ok(())
}

/// All that time will do, as things stand.
fn due(permit: &Permit) -> Vec<Due> {
    match permit.stage {
        Stage::Submitted => {
            let mut due = warnings(permit);
            let limits = permit.limits.clone();
            due.push((
                limits.correction_due,
                Fact::PermitAccepted {
                    deemed: true,
                    limits,
                },
            ));
            due
        }
        Stage::Accepted => warnings(permit),
        Stage::Approved => end_of_validity(permit, expiry(permit)),
        Stage::InUse => overdue_use(permit),
        // A road or a load is overdue, permit or none.
        Stage::Revoked if permit.progress.is_under_way() => overdue_use(permit),
        // The clock of the authority stands while the applicant corrects.
        Stage::CorrectionRequested
        | Stage::Refused
        | Stage::Withdrawn
        | Stage::Completed
        | Stage::Expired
        | Stage::Revoked => Vec::new(),
    }
}

/// At which shares of the time limits the officers are still to be warned.
fn warnings(permit: &Permit) -> Vec<Due> {
    let limits = &permit.limits;
    let clocks = [
        (DecisionClock::Statutory, limits.statutory_due),
        (DecisionClock::Promise, limits.promised_due),
    ];
    let mut due = Vec::new();
    for (clock, end) in clocks {
        let whole = end.as_second() - limits.received.as_second();
        for percent in WARNINGS_PERCENT {
            if permit.warnings.contains(&(clock, percent)) {
                continue;
            }
            let at = limits.received + (whole * i64::from(percent) / 100).seconds();
            due.push((
                at,
                Fact::DecisionDeadlineWarned {
                    clock,
                    percent,
                    due: end,
                },
            ));
        }
    }
    due
}

/// What the end of the validity makes of a permit of whose use nobody has told. An emergency repair had begun before it was filed:
/// its road is still to be reopened (Road Traffic Safety Law art. 32(2)).
fn expiry(permit: &Permit) -> Fact {
    let emergency = match &permit.application {
        Application::RoadOccupation(occupation) => occupation.emergency.as_ref(),
        Application::ToxicTransport(_) | Application::OversizeTransport(_) => None,
    };
    match emergency {
        Some(emergency) => Fact::RoadWorkUnderWay {
            since: emergency.started_at,
        },
        None => Fact::PermitExpired,
    }
}

fn end_of_validity(permit: &Permit, fact: Fact) -> Vec<Due> {
    permit
        .grant
        .iter()
        .map(|grant| (grant.valid_until, fact.clone()))
        .collect()
}

fn overdue_use(permit: &Permit) -> Vec<Due> {
    match &permit.progress {
        Progress::Works(works) => overdue_works(permit, works),
        Progress::Trip(trip) => overdue_trip(permit, trip),
        Progress::Run(run) if run.done.is_some() => end_of_validity(permit, Fact::PermitCompleted),
        Progress::Run(_) => Vec::new(),
    }
}

/// A road is to be reopened by the end of the permitted time (Road Traffic Safety Law art. 32(2)).
fn overdue_works(permit: &Permit, works: &Works) -> Vec<Due> {
    let Some(grant) = &permit.grant else {
        return Vec::new();
    };
    if works.reopened.is_some() {
        return vec![(grant.valid_until, Fact::PermitCompleted)];
    }
    if works.overdue {
        return Vec::new();
    }
    vec![(
        grant.valid_until,
        Fact::ReopeningOverdue {
            due: grant.valid_until,
        },
    )]
}

/// A load of highly toxic chemicals neither stands too long nor stays away (Decree 591 art. 48(2)).
fn overdue_trip(permit: &Permit, trip: &Trip) -> Vec<Due> {
    if trip.arrived.is_some() {
        return end_of_validity(permit, Fact::PermitCompleted);
    }
    let mut due = Vec::new();
    if let Some(stop) = trip.stopped.as_ref().filter(|stop| !stop.alarmed)
        && let Some(alarm_at) = stop.alarm_at
    {
        due.push((alarm_at, Fact::LongStopAlarmed { since: stop.since }));
    }
    if let Some(arrival) = trip.arrival.filter(|_| !trip.arrival_overdue) {
        due.push((
            arrival.alarm_at,
            Fact::ArrivalOverdueAlarmed { due: arrival.due },
        ));
    }
    due
}

//! From readings and closures to sessions: what is seen in a bay decides who pays for which time.

use super::bay::{
    Admission, Availability, Bay, BayEvent, BayKind, IllegalGround, Reading, Seen, SourceKind,
    Stay, Tracked,
};
use super::ids::{BayId, OccupationId, SessionId, SourceId};
use super::marking::Marking;
use super::refusal::ParkingRefusal;
use super::session::{self, EndCause, Session};
use super::vehicle::Vehicle;
use super::waiver::{self, FreeGround};
use super::zone::Zone;
use chassis::domain::{Halt, Transaction};
use jiff::Timestamp;
use std::sync::Arc;

/// Most readings of one bay in one command. Bounds the aggregates it touches: a session and a waiver a reading at most.
pub const MAX_READINGS: usize = 64;

/// Most changes by the clock caught up with in one command; the timer comes back for the rest.
/// With [`MAX_READINGS`] this also bounds what one commit publishes.
const MAX_CHANGES: usize = 16;

/// What became of a reading that was sent in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Accepted,
    /// Known already; nothing changed.
    Repeated,
    /// The source used this sequence for another reading; it was not taken.
    SequenceReused,
    /// Older than what can still change; it was not taken.
    TooLate,
    /// Seen in the future; it was not taken.
    FromTheFuture,
}

/// Takes readings about one bay, in any order, and brings its sessions in line. One outcome a reading.
///
/// # Errors
/// `BAY_NOT_FOUND`.
///
/// # Panics
/// With more than [`MAX_READINGS`] readings.
pub fn ingest(
    tx: &mut Transaction,
    id: &BayId,
    readings: &[Reading],
) -> Result<Vec<Outcome>, Halt> {
    assert!(
        readings.len() <= MAX_READINGS,
        "more than {MAX_READINGS} readings in one command"
    );
    require(tx, id)?;
    // What the clock has closed or reopened by now comes first, so that readings meet the closures that were in force.
    let has_changed = catch_up(tx, id)?;
    let mut outcomes = Vec::with_capacity(readings.len());
    let mut accepted: Vec<&Reading> = Vec::new();
    // So many of the accepted ones have been told to the sessions already.
    let mut told = 0;
    for reading in readings {
        let bay = require(tx, id)?;
        let outcome = if tx.is_yet_to_come(reading.observed_at) {
            Outcome::FromTheFuture
        } else {
            match bay.timeline.admit(reading, tx.now()) {
                Admission::New => Outcome::Accepted,
                Admission::Repeated => Outcome::Repeated,
                Admission::SequenceReused => Outcome::SequenceReused,
                Admission::TooLate => Outcome::TooLate,
            }
        };
        if outcome == Outcome::Accepted {
            // A full timeline folds its oldest reading, be it one of these: what follows from it is told before.
            let folded = bay.timeline.first_to_settle();
            if folded.is_some_and(|folded| accepted[told..].contains(&folded)) {
                settle(tx, id)?;
                told = accepted.len();
            }
            tx.record::<Bay>(
                id.as_str(),
                [BayEvent::ReadingAccepted {
                    reading: reading.clone(),
                }],
            )?;
            accepted.push(reading);
        }
        outcomes.push(outcome);
    }
    if has_changed || !accepted.is_empty() {
        settle(tx, id)?;
    }
    for reading in accepted {
        report_illegal_parking(tx, id, reading)?;
    }
    Ok(outcomes)
}

/// An officer ended a session by hand. To its bay that is a reading like any other: else it would stay taken, and the next
/// car would be lost in a session that no reading changes any more. Nothing happens if the bay is retired or does not hold
/// the session for open.
pub(super) fn end_by_hand(
    tx: &mut Transaction,
    id: &BayId,
    session: &SessionId,
    left_at: Timestamp,
) -> Result<(), Halt> {
    let Some(bay) = tx.load::<Bay>(id.as_str())?.filter(|bay| !bay.retired) else {
        return Ok(());
    };
    let open = bay
        .tracked
        .iter()
        .find(|known| known.session == *session && known.left_at.is_none());
    let Some(open) = open else {
        return Ok(());
    };
    // After the arrival as the bay knows it, and after what is settled, so that it ends this stay whatever the officer found.
    let not_before = open.arrived_at.max(bay.timeline.settled_until());
    let microsecond = left_at
        .as_microsecond()
        .max(not_before.as_microsecond() + 1);
    let reading = Reading {
        source: SourceId::officer(),
        kind: SourceKind::Handheld,
        sequence: tx.now().as_microsecond().unsigned_abs(),
        observed_at: Timestamp::from_microsecond(microsecond).unwrap_or(left_at),
        seen: Seen::Left,
    };
    catch_up(tx, id)?;
    tx.record::<Bay>(id.as_str(), [BayEvent::ReadingAccepted { reading }])?;
    settle(tx, id)
}

/// The timer of a bay: closes and reopens it by the clock.
///
/// # Errors
/// `BAY_NOT_FOUND`.
pub fn due(tx: &mut Transaction, id: &BayId) -> Result<(), Halt> {
    require(tx, id)?;
    if catch_up(tx, id)? {
        settle(tx, id)?;
    }
    Ok(())
}

/// Records each closing and reopening up to now at the very instant it was due; answers whether there was one.
pub(super) fn catch_up(tx: &mut Transaction, id: &BayId) -> Result<bool, Halt> {
    let now = tx.now();
    let mut changed = false;
    for _ in 0..MAX_CHANGES {
        let bay = require(tx, id)?;
        let Some(since) = bay.next_change().filter(|change| *change <= now) else {
            break;
        };
        let place = bay.place(id);
        let event = if bay.is_closed() {
            BayEvent::BayReopened { place, since }
        } else {
            BayEvent::BayClosed {
                place,
                since,
                occupations: bay.occupations_at(since),
            }
        };
        tx.record::<Bay>(id.as_str(), [event])?;
        changed = true;
    }
    Ok(changed)
}

/// Brings sessions and availability in line with what the bay has seen and when it was closed.
pub(super) fn settle(tx: &mut Transaction, id: &BayId) -> Result<(), Halt> {
    let bay = require(tx, id)?;
    let stays = bay.chargeable_stays();
    let sightings = bay.timeline.sightings(&stays);
    let matched = match_sessions(&stays, &bay.tracked);

    for (index, stay) in stays.iter().enumerate() {
        let known = matched[index].map(|at| &bay.tracked[at]);
        let read = sightings[index].clone();
        let sighting = match known.and_then(|known| known.sighting.clone()) {
            // What was seen of this stay longer ago than the readings reach back still holds.
            Some(earlier) if bay.timeline.has_settled(&earlier) => Some(earlier.and_since(read)),
            _ => read,
        };
        let cause = end_cause(&bay, stay);
        let tracked = |session: SessionId| Tracked {
            session,
            arrived_at: stay.from,
            left_at: stay.until,
            sighting: sighting.clone(),
        };
        match known {
            Some(known) => {
                let told = tracked(known.session.clone());
                if told != *known {
                    session::adjust(tx, &known.session, *stay, sighting.clone(), cause)?;
                    tx.record::<Bay>(id.as_str(), [BayEvent::SessionTracked { tracked: told }])?;
                }
            }
            None => {
                let session = new_session_id(tx, id, stay.from)?;
                let place = bay.place(id);
                let Some(zone) = tx.load::<Zone>(place.zone.as_str())? else {
                    return Err(ParkingRefusal::ZoneNotFound { zone: place.zone }.into());
                };
                let tariff = zone.tariff_at(stay.from).clone();
                session::start(tx, &session, place, tariff, *stay, sighting.clone(), cause)?;
                tx.record::<Bay>(
                    id.as_str(),
                    [BayEvent::SessionTracked {
                        tracked: tracked(session),
                    }],
                )?;
            }
        }
    }
    for (at, known) in bay.tracked.iter().enumerate() {
        if !matched.contains(&Some(at)) && is_still_open_to_change(&bay, known) {
            session::void(tx, &known.session)?;
            let session = known.session.clone();
            tx.record::<Bay>(id.as_str(), [BayEvent::SessionDropped { session }])?;
        }
    }
    tell_availability(tx, id)
}

/// For each stay the session (by its place in `tracked`) that is about it: the one that began with it, else the first that
/// overlaps it.
fn match_sessions(stays: &[Stay], tracked: &[Tracked]) -> Vec<Option<usize>> {
    let mut matched: Vec<Option<usize>> = stays
        .iter()
        .map(|stay| {
            tracked
                .iter()
                .position(|known| known.arrived_at == stay.from)
        })
        .collect();
    for (index, stay) in stays.iter().enumerate() {
        if matched[index].is_none() {
            matched[index] = (0..tracked.len()).find(|at| {
                let known = Stay {
                    from: tracked[*at].arrived_at,
                    until: tracked[*at].left_at,
                };
                known.overlaps(stay) && !matched.contains(&Some(*at))
            });
        }
    }
    matched
}

/// A session that ended within the settled past is final: its stay is no longer derived.
fn is_still_open_to_change(bay: &Bay, known: &Tracked) -> bool {
    known
        .left_at
        .is_none_or(|left| left > bay.timeline.settled_until())
}

fn end_cause(bay: &Bay, stay: &Stay) -> EndCause {
    let by_closure = stay
        .until
        .is_some_and(|until| bay.closures.iter().any(|closure| closure.from == until));
    if by_closure {
        EndCause::BayClosed
    } else {
        EndCause::VehicleLeft
    }
}

/// The same for a repetition of the same command, wherever it is handled.
fn new_session_id(
    tx: &mut Transaction,
    bay: &BayId,
    arrived_at: Timestamp,
) -> Result<SessionId, Halt> {
    let mut role = format!("{bay}@{arrived_at}");
    // A command that settles more than once may come back to an arrival for which it has begun a session already. That ends
    // with the sessions of this command, which a transaction bounds.
    loop {
        let id = tx.context.new_id(&role).hyphenated().to_string();
        if tx.load::<Session>(&id)?.is_none() {
            return Ok(SessionId::parse(&id).expect("a uuid is a name"));
        }
        role.push('+');
    }
}

fn tell_availability(tx: &mut Transaction, id: &BayId) -> Result<(), Halt> {
    let bay = require(tx, id)?;
    let to = bay.derive_availability();
    if to == bay.availability {
        return Ok(());
    }
    let since = match to {
        Availability::Closed => bay.closures.last().map(|closure| closure.from),
        Availability::Taken => bay.timeline.stays().0.last().map(|stay| stay.from),
        Availability::Free => bay.timeline.stays().0.last().and_then(|stay| stay.until),
        Availability::Unknown => None,
    };
    let since = since
        .unwrap_or_else(|| tx.now())
        .max(bay.available_since)
        .min(tx.now());
    let changed = BayEvent::AvailabilityChanged {
        place: bay.place(id),
        from: bay.availability,
        to,
        since,
    };
    tx.record::<Bay>(id.as_str(), [changed])
}

/// Reports a vehicle seen where it may not stand, once an act.
fn report_illegal_parking(tx: &mut Transaction, id: &BayId, reading: &Reading) -> Result<(), Halt> {
    let vehicle = match &reading.seen {
        Seen::Arrived {
            vehicle: Some(vehicle),
        }
        | Seen::Plate { vehicle } => vehicle,
        _ => return Ok(()),
    };
    let bay = require(tx, id)?;
    let Some((ground, act)) = illegal_ground(tx, &bay, vehicle, reading.observed_at)? else {
        return Ok(());
    };
    let is_reported = bay.reports.iter().any(|report| {
        report.plate == vehicle.plate && report.ground == ground && report.act == act
    });
    if is_reported {
        return Ok(());
    }
    let occupations = match ground {
        IllegalGround::Closed => bay.occupations_at(reading.observed_at),
        IllegalGround::Disabled | IllegalGround::Electric => Vec::new(),
    };
    let seen = BayEvent::IllegalParkingSeen {
        place: bay.place(id),
        plate: vehicle.plate.clone(),
        ground,
        observed_at: reading.observed_at,
        occupations,
        act,
    };
    tx.record::<Bay>(id.as_str(), [seen])
}

/// Why the vehicle may not stand there, and when the act began by which it is told from another.
fn illegal_ground(
    tx: &mut Transaction,
    bay: &Bay,
    vehicle: &Vehicle,
    at: Timestamp,
) -> Result<Option<(IllegalGround, Timestamp)>, Halt> {
    if let Some(closure) = bay.closure_at(at) {
        return Ok(Some((IllegalGround::Closed, closure.from)));
    }
    let ground = match bay.details.kind {
        BayKind::Standard | BayKind::Large => return Ok(None),
        BayKind::Electric => (!vehicle.is_new_energy()).then_some(IllegalGround::Electric),
        BayKind::Disabled => {
            let free = waiver::free_ground(tx, &vehicle.plate, at)?;
            (free != Some(FreeGround::Disabled)).then_some(IllegalGround::Disabled)
        }
    };
    let calendar = tx.context.calendar;
    Ok(ground.map(|ground| (ground, calendar.start_of(calendar.date(at)))))
}

/// The bay, if it exists and is not retired.
pub(super) fn require(tx: &mut Transaction, id: &BayId) -> Result<Arc<Bay>, Halt> {
    match tx.load::<Bay>(id.as_str())? {
        Some(bay) if !bay.retired => Ok(bay),
        _ => Err(ParkingRefusal::BayNotFound { bay: id.clone() }.into()),
    }
}

/// Which occupation asks for the bay now, for those who look at it.
pub fn closing_occupations(bay: &Bay, now: Timestamp) -> Vec<OccupationId> {
    if bay.is_closed() {
        bay.occupations_at(now)
    } else {
        Vec::new()
    }
}

/// How a bay is marked now, for a command that changes part of it.
///
/// # Errors
/// `BAY_NOT_FOUND`.
pub fn marking_of(tx: &mut Transaction, id: &BayId) -> Result<Marking, Halt> {
    let details = require(tx, id)?.details.clone();
    Ok(Marking {
        zone: details.zone,
        position: details.position,
        kind: details.kind,
        label: details.label,
    })
}

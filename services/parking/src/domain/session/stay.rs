//! When a session began and ended, whose it was, and what that costs.

use super::arrears::notice_at;
use super::{Bill, Collection, EndCause, Exemption, Session, SessionEvent, arrears, key};
use crate::domain::bay::{Place, Sighting, SourceKind, Stay};
use crate::domain::ids::{SessionId, TariffId};
use crate::domain::rates::Charge;
use crate::domain::refusal::ParkingRefusal;
use crate::domain::tariff::Tariff;
use crate::domain::vehicle::{Vehicle, VehicleClass};
use crate::domain::waiver;
use crate::domain::watch;
use crate::domain::zone::Zone;
use chassis::domain::{Halt, TimeLimit, Transaction};
use jiff::Timestamp;

/// Days to pay, from the day of leaving (Beijing parking regulations art. 41(1)).
pub(super) const DAYS_TO_PAY: TimeLimit = TimeLimit::Days(30);

/// Begins a session.
pub(in crate::domain) fn start(
    tx: &mut Transaction,
    id: &SessionId,
    place: Place,
    tariff: TariffId,
    stay: Stay,
    sighting: Option<Sighting>,
    cause: EndCause,
) -> Result<(), Halt> {
    let overstays_at = overstays_at(tx, &tariff, stay.from)?;
    let started = SessionEvent::SessionStarted {
        place,
        tariff,
        arrived_at: stay.from,
        overstays_at,
    };
    tx.record::<Session>(key(id), [started])?;
    adjust(tx, id, stay, sighting, cause)
}

/// Brings a session in line with what the readings now say of it. Does nothing to a session that an officer settled.
pub(in crate::domain) fn adjust(
    tx: &mut Transaction,
    id: &SessionId,
    stay: Stay,
    sighting: Option<Sighting>,
    cause: EndCause,
) -> Result<(), Halt> {
    let session = require(tx, id)?;
    if session.settled_by_officer {
        return Ok(());
    }
    let mut events = Vec::new();
    if session.sighting != sighting {
        events.push(SessionEvent::VehicleIdentified { sighting });
    }
    if session.arrived_at != stay.from {
        events.push(arrival_corrected(tx, &session, stay.from)?);
    }
    if session.left_at != stay.until {
        events.push(match stay.until {
            Some(left_at) => SessionEvent::SessionEnded {
                place: session.place.clone(),
                arrived_at: stay.from,
                left_at,
                cause,
            },
            None => SessionEvent::SessionResumed {
                place: session.place.clone(),
            },
        });
    }
    if events.is_empty() {
        return Ok(());
    }
    tx.record::<Session>(key(id), events)?;
    charge(tx, id)?;
    arrears::collect_anew(tx, id, &session)
}

/// The readings no longer support this session: nothing is owed, and what was paid is owed back.
pub(in crate::domain) fn void(tx: &mut Transaction, id: &SessionId) -> Result<(), Halt> {
    let session = require(tx, id)?;
    if session.void || session.settled_by_officer {
        return Ok(());
    }
    let place = session.place.clone();
    tx.record::<Session>(key(id), [SessionEvent::SessionVoided { place }])?;
    arrears::settle_referral(tx, id)
}

/// What an officer found to be true of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    pub arrived_at: Timestamp,
    /// Ends the session if it is open.
    pub left_at: Timestamp,
    pub vehicle: Option<Vehicle>,
    /// The ground, 1 to 200 characters, without personal data.
    pub note: String,
}

/// Corrects a session by hand, after an objection or when sources failed, and ends it if it is open, in its bay too. Readings
/// change it no longer; while one goes on, a warden's handheld reading is the way to name its vehicle.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `SESSION_VOID`, `NOT_OF_THIS_DISTRICT`, `CORRECTION_TIMES_WRONG`.
pub fn correct(tx: &mut Transaction, id: &SessionId, correction: Correction) -> Result<(), Halt> {
    let session = require(tx, id)?;
    require_officer_of(tx, &session)?;
    if session.void {
        return Err(ParkingRefusal::SessionVoid.into());
    }
    let now = tx.now();
    if correction.left_at <= correction.arrived_at || correction.left_at > now {
        return Err(ParkingRefusal::CorrectionTimesWrong { now }.into());
    }
    let sighting = correction.vehicle.map(|vehicle| Sighting {
        by: SourceKind::Handheld,
        at: correction.arrived_at,
        vehicle,
        confirmed: true,
        contradicted: false,
    });
    let (arrived_at, left_at) = (correction.arrived_at, correction.left_at);
    let officer = tx.context.actor.id.clone();
    // An earlier correction does not stand in the way of a better one.
    let mut events = vec![SessionEvent::SessionCorrected {
        officer,
        note: correction.note,
    }];
    if session.sighting != sighting {
        events.push(SessionEvent::VehicleIdentified { sighting });
    }
    if session.arrived_at != arrived_at {
        events.push(arrival_corrected(tx, &session, arrived_at)?);
    }
    if session.left_at != Some(left_at) {
        let place = session.place.clone();
        events.push(SessionEvent::SessionEnded {
            place,
            arrived_at,
            left_at,
            cause: EndCause::Officer,
        });
    }
    tx.record::<Session>(key(id), events)?;
    charge(tx, id)?;
    arrears::collect_anew(tx, id, &session)?;
    watch::end_by_hand(tx, &session.place.bay, id, left_at)
}

/// The vehicle came at another time than was thought. What was on the sign then is what it pays (Beijing parking regulations
/// art. 32(1)(1), (2)), be it the tariff before the session's or the one after it.
fn arrival_corrected(
    tx: &mut Transaction,
    session: &Session,
    arrived_at: Timestamp,
) -> Result<SessionEvent, Halt> {
    let tariff = other_tariff(tx, session, arrived_at)?;
    let holds = tariff.as_ref().unwrap_or(&session.tariff);
    let overstays_at = overstays_at(tx, holds, arrived_at)?;
    Ok(SessionEvent::ArrivalCorrected {
        arrived_at,
        overstays_at,
        tariff,
    })
}

/// The tariff of the session's zone at a time; `None` if it is the session's own. A zone forgets what held long ago: if it knows
/// no longer under which tariff the session stands, that one stays.
fn other_tariff(
    tx: &mut Transaction,
    session: &Session,
    at: Timestamp,
) -> Result<Option<TariffId>, Halt> {
    let Some(zone) = tx.load::<Zone>(session.place.zone.as_str())? else {
        return Ok(None);
    };
    let (own, held) = (zone.tariff_at(session.arrived_at), zone.tariff_at(at));
    let is_other = *own == session.tariff && held != own;
    Ok(is_other.then(|| held.clone()))
}

/// Prices a session that ended, if its price is another than it was billed.
fn charge(tx: &mut Transaction, id: &SessionId) -> Result<(), Halt> {
    let session = require(tx, id)?;
    let Some(left_at) = session.left_at else {
        return Ok(());
    };
    let (charge, exemption) = price(tx, &session, left_at)?;
    let pay_by = tx.context.calendar.deadline(left_at, DAYS_TO_PAY);
    let bill = Bill {
        charge,
        exemption,
        pay_by,
    };
    if session.bill.as_ref() == Some(&bill) {
        return Ok(());
    }
    let next_step_at = match session.collection {
        Collection::Due | Collection::Uncollectable if !bill.charge.amount.is_zero() => {
            Some(notice_at(tx, left_at).max(tx.now()))
        }
        _ => session.next_step_at,
    };
    let charged = SessionEvent::SessionCharged {
        place: session.place.clone(),
        arrived_at: session.arrived_at,
        left_at,
        replaced: session.bill.as_ref().map(|bill| bill.charge.amount),
        bill,
        next_step_at,
    };
    tx.record::<Session>(key(id), [charged])
}

fn price(
    tx: &mut Transaction,
    session: &Session,
    left_at: Timestamp,
) -> Result<(Charge, Option<Exemption>), Halt> {
    if let Some(vehicle) = session.vehicle()
        && let Some(ground) = waiver::free_ground(tx, &vehicle.plate, session.arrived_at)?
    {
        return Ok((Charge::default(), Some(Exemption::Free(ground))));
    }
    let class = session
        .vehicle()
        .map_or(VehicleClass::default(), |vehicle| vehicle.class);
    let tariff = tx.load::<Tariff>(session.tariff.as_str())?;
    let version = tariff
        .as_ref()
        .and_then(|tariff| tariff.version_at(session.arrived_at));
    Ok(match version {
        Some(version) => (
            version.rates.charge(session.arrived_at, left_at, class),
            None,
        ),
        None => (Charge::default(), Some(Exemption::NoTariff)),
    })
}

fn overstays_at(
    tx: &mut Transaction,
    tariff: &TariffId,
    arrived_at: Timestamp,
) -> Result<Option<Timestamp>, Halt> {
    let tariff = tx.load::<Tariff>(tariff.as_str())?;
    let version = tariff
        .as_ref()
        .and_then(|tariff| tariff.version_at(arrived_at));
    Ok(version.and_then(|version| arrived_at.checked_add(version.rates.maximum_stay()).ok()))
}

/// The session, if it exists.
pub(super) fn require(
    tx: &mut Transaction,
    id: &SessionId,
) -> Result<std::sync::Arc<Session>, Halt> {
    match tx.load::<Session>(key(id))? {
        Some(session) => Ok(session),
        None => Err(ParkingRefusal::SessionNotFound {
            session: id.clone(),
        }
        .into()),
    }
}

pub(super) fn require_officer_of(tx: &Transaction, session: &Session) -> Result<(), Halt> {
    if tx.context.actor.decides_for(session.place.district) {
        Ok(())
    } else {
        Err(ParkingRefusal::NotOfThisDistrict.into())
    }
}

//! What the steps of a permit's life share: reading it, the questions of who may and when, and recording.

use super::application::Application;
use super::event::{DecisionLimits, Fact, Grant, PermitEvent};
use super::ground::Ground;
use super::instruments::{PROMISE_HOURS, ToxicProvision, ToxicRules};
use super::permit::{Permit, Stage};
use super::registers::{
    ApplicantStanding, DriverEvent, DriverStanding, MOST_PERMITS, Registration, VehicleEvent,
    VehicleMake, VehicleRecord,
};
use super::road_calendar;
use super::values::PermitId;
use chassis::domain::values::Organisation;
use chassis::domain::{Halt, TimeLimit, Transaction};
use jiff::Timestamp;
use std::sync::Arc;

/// # Errors
/// [`Ground::UnknownPermit`].
pub fn load(tx: &mut Transaction, id: &PermitId) -> Result<Arc<Permit>, Halt> {
    match tx.load::<Permit>(id.as_str())? {
        Some(permit) => Ok(permit),
        None => Err(Ground::UnknownPermit.into()),
    }
}

/// Records facts on a permit, with the kind and the district that each event carries.
pub fn record(
    tx: &mut Transaction,
    id: &PermitId,
    permit: &Permit,
    facts: impl IntoIterator<Item = Fact>,
) -> Result<(), Halt> {
    let (kind, district) = (permit.kind(), permit.district);
    let events = facts.into_iter().map(|fact| PermitEvent {
        kind,
        district,
        fact,
    });
    tx.record::<Permit>(id.as_str(), events)
}

/// An officer of the permit's district or of the city, who did not file it.
pub fn as_reviewer(tx: &Transaction, permit: &Permit) -> Result<(), Ground> {
    let actor = tx.context.actor;
    if actor.id == permit.filed_by {
        return Err(Ground::OwnApplication);
    }
    if !actor.decides_for(permit.district) {
        return Err(Ground::OutsideDistrict);
    }
    Ok(())
}

/// The account that filed the application.
pub fn as_applicant(tx: &Transaction, permit: &Permit) -> Result<(), Ground> {
    if tx.context.actor.id == permit.filed_by {
        Ok(())
    } else {
        Err(Ground::NotTheApplicant)
    }
}

/// The holder, or an officer who reports in the holder's place.
pub fn as_user(tx: &Transaction, permit: &Permit) -> Result<(), Ground> {
    let actor = tx.context.actor;
    if actor.id == permit.filed_by || actor.decides_for(permit.district) {
        Ok(())
    } else {
        Err(Ground::NotTheHolder)
    }
}

/// The permit stands in one of these stages; `needs` says so in words.
pub fn in_stage(permit: &Permit, stages: &[Stage], needs: &'static str) -> Result<(), Ground> {
    if stages.contains(&permit.stage) {
        Ok(())
    } else {
        Err(Ground::WrongState {
            is: permit.stage.as_str(),
            needs,
        })
    }
}

/// In use; or revoked while the use was under way: that takes the right, not the duties, which last until the road is
/// reopened (Road Traffic Safety Law art. 32(2)), the load has arrived (Decree 591 art. 48(2)), or the escort is done.
pub fn in_use(permit: &Permit) -> Result<(), Ground> {
    if permit.stage == Stage::Revoked && permit.progress.is_under_way() {
        return Ok(());
    }
    in_stage(permit, &[Stage::InUse], "in_use")
}

/// Granted, not suspended, and within its validity: what any use needs (Administrative Licence Law art. 80(2)).
pub fn usable(permit: &Permit, now: Timestamp) -> Result<&Grant, Ground> {
    in_stage(
        permit,
        &[Stage::Approved, Stage::InUse],
        "approved or in_use",
    )?;
    if permit.is_suspended() {
        return Err(Ground::Suspended);
    }
    match &permit.grant {
        Some(grant) if grant.valid_from <= now && now < grant.valid_until => Ok(grant),
        Some(grant) => Err(Ground::OutsideValidity {
            from: grant.valid_from,
            until: grant.valid_until,
        }),
        None => Err(Ground::WrongState {
            is: permit.stage.as_str(),
            needs: "approved",
        }),
    }
}

/// Until when the authority must act on an application received now.
pub fn limits(tx: &Transaction, application: &Application) -> DecisionLimits {
    let (now, calendar) = (tx.now(), tx.context.calendar);
    let statutory = application.statutory_limit(now, calendar);
    DecisionLimits {
        received: now,
        // Administrative Licence Law arts. 32(1)(4), 82.
        correction_due: calendar.deadline(now, TimeLimit::WorkingDays(5)),
        statutory_due: calendar.deadline(now, statutory.limit),
        statutory_basis: statutory.basis,
        promised_due: calendar.deadline(now, TimeLimit::Hours(PROMISE_HOURS)),
    }
}

/// The applicant may apply for this kind, and every driver and vehicle may go.
pub fn check_standing(
    tx: &mut Transaction,
    applicant: &Organisation,
    application: &Application,
) -> Result<(), Halt> {
    let today = tx.context.calendar.date(tx.now());
    let standing = tx.load::<ApplicantStanding>(applicant.credit_code.as_str())?;
    let bar = standing.and_then(|standing| standing.bar(application.kind(), today));
    if let Some(bar) = bar {
        return Err(Ground::ApplicantBarred {
            until: bar.until,
            fraud: bar.fraud,
        }
        .into());
    }
    if let Application::ToxicTransport(transport) = application {
        for driver in transport.drivers() {
            let person = driver.person_ref();
            let standing = tx.load::<DriverStanding>(person.as_str())?;
            if standing.is_some_and(|standing| standing.suspended.is_some()) {
                return Err(Ground::DriverSuspended {
                    person: person.clone(),
                }
                .into());
            }
        }
    }
    for plate in application.plates() {
        let record = tx.load::<VehicleRecord>(&plate.key())?;
        let plate = plate.clone();
        let refused = match record.and_then(|record| record.registration) {
            None | Some(Registration::Registered(VehicleMake::Goods)) => continue,
            Some(Registration::Registered(VehicleMake::People)) => Ground::NoGoodsVehicle { plate },
            Some(Registration::Gone) => Ground::PlateGivenUp { plate },
            Some(Registration::Cancelled) => Ground::VehicleCancelled { plate },
        };
        return Err(refused.into());
    }
    Ok(())
}

/// Enters a granted permit in the calendars of its roads and the registers of its drivers and vehicles.
///
/// # Errors
/// [`Ground::RoadTaken`], or a calendar or register that is full.
pub fn take_places(
    tx: &mut Transaction,
    id: &PermitId,
    applicant: &Organisation,
    application: &Application,
) -> Result<(), Halt> {
    match application {
        Application::RoadOccupation(occupation) => {
            let booking = road_calendar::wanted(id, applicant, occupation);
            road_calendar::book(tx, occupation, &booking)?;
        }
        Application::ToxicTransport(transport) => {
            for driver in transport.drivers() {
                let person = driver.person_ref();
                let standing = tx.load::<DriverStanding>(person.as_str())?;
                if standing.is_some_and(|standing| standing.permits.len() >= MOST_PERMITS) {
                    return Err(Ground::DriverTooBusy {
                        person: person.clone(),
                    }
                    .into());
                }
                tx.record::<DriverStanding>(
                    person.as_str(),
                    [DriverEvent::NamedInPermit { permit: id.clone() }],
                )?;
            }
        }
        Application::OversizeTransport(_) => {}
    }
    for plate in application.plates() {
        let key = plate.key();
        let record = tx.load::<VehicleRecord>(&key)?;
        if record.is_some_and(|record| record.permits.len() >= MOST_PERMITS) {
            return Err(Ground::VehicleTooBusy {
                plate: plate.clone(),
            }
            .into());
        }
        tx.record::<VehicleRecord>(&key, [VehicleEvent::NamedInPermit { permit: id.clone() }])?;
    }
    Ok(())
}

/// Takes a permit that is over out of every calendar and register that still names it.
///
/// # Errors
/// [`Halt`] if one cannot be read.
pub fn release_places(
    tx: &mut Transaction,
    id: &PermitId,
    application: &Application,
) -> Result<(), Halt> {
    match application {
        Application::RoadOccupation(occupation) => road_calendar::release(tx, id, occupation)?,
        Application::ToxicTransport(transport) => {
            for driver in transport.drivers() {
                let person = driver.person_ref().as_str();
                let standing = tx.load::<DriverStanding>(person)?;
                if standing.is_some_and(|standing| standing.permits.contains(id)) {
                    tx.record::<DriverStanding>(
                        person,
                        [DriverEvent::ReleasedFromPermit { permit: id.clone() }],
                    )?;
                }
            }
        }
        Application::OversizeTransport(_) => {}
    }
    for plate in application.plates() {
        let key = plate.key();
        let record = tx.load::<VehicleRecord>(&key)?;
        if record.is_some_and(|record| record.permits.contains(id)) {
            tx.record::<VehicleRecord>(
                &key,
                [VehicleEvent::ReleasedFromPermit { permit: id.clone() }],
            )?;
        }
    }
    Ok(())
}

/// From when until when a grant is valid.
///
/// # Errors
/// [`Ground::TripBeyondValidity`] if a trip cannot end within the days that the rules give it.
pub fn validity(
    tx: &Transaction,
    application: &Application,
) -> Result<(Timestamp, Timestamp), Ground> {
    let (now, calendar) = (tx.now(), tx.context.calendar);
    match application {
        Application::RoadOccupation(occupation) => {
            Ok((occupation.hours.start(), occupation.hours.end()))
        }
        Application::ToxicTransport(transport) => {
            let rules = ToxicRules::on(calendar.date(now));
            let until = calendar.deadline(now, TimeLimit::Days(rules.validity_days));
            if transport.route.arrival() > until {
                return Err(Ground::TripBeyondValidity {
                    days: rules.validity_days,
                    basis: rules.basis(ToxicProvision::Decision),
                });
            }
            Ok((now, until))
        }
        Application::OversizeTransport(transport) => Ok((
            calendar.start_of(transport.valid_from),
            calendar.deadline(calendar.start_of(transport.valid_until), TimeLimit::Days(0)),
        )),
    }
}

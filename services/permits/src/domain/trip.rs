//! The one trip of a toxic transport: departure, checkpoints, stops, arrival.

use super::application::Application;
use super::event::{ExpectedArrival, Fact};
use super::ground::Ground;
use super::instruments::{ToxicProvision, ToxicRules};
use super::permit::{Permit, Stage};
use super::progress::{Progress, Trip};
use super::steps::{as_user, in_stage, in_use, load, record, release_places, usable};
use super::toxic_transport::ToxicTransport;
use super::values::PermitId;
use chassis::domain::values::Text;
use chassis::domain::{Halt, Transaction};
use jiff::{Timestamp, ToSpan};

/// The vehicle sets out at `at`. The arrival is due after the time that the timetable gives the whole route.
///
/// # Errors
/// A second time, outside the validity, while suspended, or in the future.
pub fn record_departure(tx: &mut Transaction, id: &PermitId, at: Timestamp) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_user(tx, &permit)?;
    let (transport, trip) = trip(&permit)?;
    let rules = ToxicRules::on(tx.context.calendar.date(at));
    if trip.departed.is_some() {
        return Err(Ground::TripDone {
            basis: rules.basis(ToxicProvision::Application),
        }
        .into());
    }
    in_stage(&permit, &[Stage::Approved], "approved")?;
    not_in_the_future(tx, at)?;
    usable(&permit, at)?;
    let planned = transport
        .route
        .arrival()
        .duration_since(transport.route.departure());
    let due = at + planned;
    let arrival = ExpectedArrival {
        due,
        alarm_at: due + rules.arrival_grace_minutes.minutes(),
    };
    record(
        tx,
        id,
        &permit,
        [Fact::ToxicTransportDeparted { at, arrival }],
    )
}

/// The vehicle passes the end of leg number `leg`, counted from 1.
///
/// # Errors
/// If it is not the next one, or reported out of order.
pub fn record_checkpoint(
    tx: &mut Transaction,
    id: &PermitId,
    leg: u32,
    at: Timestamp,
) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_user(tx, &permit)?;
    let (transport, trip) = under_way(&permit)?;
    let legs = transport.route.legs().len();
    let next = trip.legs_passed + 1;
    let leg = match u8::try_from(leg) {
        Ok(leg) if leg >= 1 && usize::from(leg) <= legs => leg,
        _ => return Err(Ground::NoSuchCheckpoint { legs }.into()),
    };
    if leg != next {
        return Err(Ground::CheckpointOutOfOrder { next }.into());
    }
    in_order(tx, trip, at)?;
    if trip.stopped.is_some() {
        return Err(Ground::AlreadyStopped.into());
    }
    record(tx, id, &permit, [Fact::CheckpointPassed { leg, at }])
}

/// The vehicle stands since `at`. Unless the local police know of it, a long stop alarms (Decree 591 art. 48(2)).
///
/// # Errors
/// If it stands already or is not under way.
pub fn record_stop(
    tx: &mut Transaction,
    id: &PermitId,
    at: Timestamp,
    reason: Text<500>,
    reported_to_police: bool,
) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_user(tx, &permit)?;
    let (_, trip) = under_way(&permit)?;
    in_order(tx, trip, at)?;
    if trip.stopped.is_some() {
        return Err(Ground::AlreadyStopped.into());
    }
    let rules = ToxicRules::on(tx.context.calendar.date(at));
    let alarm_at = (!reported_to_police).then(|| at + rules.long_stop_minutes.minutes());
    record(
        tx,
        id,
        &permit,
        [Fact::VehicleStopped {
            at,
            reason,
            alarm_at,
        }],
    )
}

/// # Errors
/// If it does not stand.
pub fn record_moving_on(tx: &mut Transaction, id: &PermitId, at: Timestamp) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_user(tx, &permit)?;
    let (_, trip) = under_way(&permit)?;
    in_order(tx, trip, at)?;
    if trip.stopped.is_none() {
        return Err(Ground::NotStopped.into());
    }
    record(tx, id, &permit, [Fact::VehicleMovedOn { at }])
}

/// The load has arrived. A revoked permit gives back now what it held.
///
/// # Errors
/// If it is not under way.
pub fn record_arrival(tx: &mut Transaction, id: &PermitId, at: Timestamp) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_user(tx, &permit)?;
    let (_, trip) = under_way(&permit)?;
    in_order(tx, trip, at)?;
    record(tx, id, &permit, [Fact::ToxicTransportArrived { at }])?;
    if permit.stage == Stage::Revoked {
        // Nobody completes it any more.
        release_places(tx, id, &permit.application)?;
    }
    Ok(())
}

fn trip(permit: &Permit) -> Result<(&ToxicTransport, &Trip), Ground> {
    match (&permit.application, &permit.progress) {
        (Application::ToxicTransport(transport), Progress::Trip(trip)) => Ok((transport, trip)),
        _ => Err(Ground::WrongKind),
    }
}

/// What happens on the road is recorded even if the permit is suspended or revoked: the load is where it is.
fn under_way(permit: &Permit) -> Result<(&ToxicTransport, &Trip), Ground> {
    let (transport, trip) = trip(permit)?;
    in_use(permit)?;
    if trip.departed.is_none() || trip.arrived.is_some() {
        return Err(Ground::NotUnderWay);
    }
    Ok((transport, trip))
}

fn not_in_the_future(tx: &Transaction, at: Timestamp) -> Result<(), Ground> {
    if tx.is_yet_to_come(at) {
        return Err(Ground::ReportInTheFuture);
    }
    Ok(())
}

fn in_order(tx: &Transaction, trip: &Trip, at: Timestamp) -> Result<(), Ground> {
    not_in_the_future(tx, at)?;
    if trip.last_report.is_some_and(|last| at < last) {
        return Err(Ground::ReportOutOfOrder);
    }
    Ok(())
}

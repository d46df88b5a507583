//! Marking, changing and retiring bays (the traffic police mark, maintain and adjust them: Beijing parking regulations art. 36(1)).

use super::bay::{Bay, BayDetails, BayEvent, BayKind};
use super::geometry::Position;
use super::ids::{BayId, OccupationId, ZoneId};
use super::refusal::ParkingRefusal;
use super::{watch, works, zone};
use chassis::domain::{Halt, Transaction};

/// A bay as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marking {
    pub zone: ZoneId,
    pub position: Position,
    pub kind: BayKind,
    pub label: String,
}

/// Marks a bay. `occupations` are those in force near it: they close it if they touch it.
///
/// # Errors
/// `BAY_EXISTS`, `ZONE_NOT_FOUND`, `TOO_MANY_SUSPENSIONS`.
pub fn mark(
    tx: &mut Transaction,
    id: &BayId,
    marking: Marking,
    occupations: &[OccupationId],
) -> Result<(), Halt> {
    if tx.load::<Bay>(id.as_str())?.is_some_and(|bay| !bay.retired) {
        return Err(ParkingRefusal::BayExists { bay: id.clone() }.into());
    }
    let details = details(tx, marking)?;
    zone::add_bay(tx, &details.zone, id)?;
    tx.record::<Bay>(id.as_str(), [BayEvent::BayMarked { details }])?;
    align_with(tx, id, occupations)
}

/// Changes a bay. A session that goes on keeps the zone and tariff under which it began.
///
/// # Errors
/// `BAY_NOT_FOUND`, `ZONE_NOT_FOUND`, `TOO_MANY_SUSPENSIONS`.
pub fn change(
    tx: &mut Transaction,
    id: &BayId,
    marking: Marking,
    occupations: &[OccupationId],
) -> Result<(), Halt> {
    let bay = watch::require(tx, id)?;
    let details = details(tx, marking)?;
    if bay.details == details {
        return Ok(());
    }
    if bay.details.zone != details.zone {
        zone::remove_bay(tx, &bay.details.zone, id)?;
        zone::add_bay(tx, &details.zone, id)?;
    }
    tx.record::<Bay>(id.as_str(), [BayEvent::BayChanged { details }])?;
    align_with(tx, id, occupations)
}

/// Retires an empty bay.
///
/// # Errors
/// `BAY_NOT_FOUND`, `BAY_TAKEN`.
pub fn retire(tx: &mut Transaction, id: &BayId) -> Result<(), Halt> {
    let bay = watch::require(tx, id)?;
    let is_taken = bay
        .timeline
        .stays()
        .0
        .last()
        .is_some_and(|stay| stay.until.is_none());
    if is_taken {
        return Err(ParkingRefusal::BayTaken { bay: id.clone() }.into());
    }
    let place = bay.place(id);
    zone::remove_bay(tx, &place.zone, id)?;
    tx.record::<Bay>(id.as_str(), [BayEvent::BayRetired { place }])
}

fn details(tx: &mut Transaction, marking: Marking) -> Result<BayDetails, Halt> {
    let district = zone::require(tx, &marking.zone)?.details.district;
    Ok(BayDetails {
        zone: marking.zone,
        district,
        position: marking.position,
        kind: marking.kind,
        label: marking.label,
    })
}

fn align_with(tx: &mut Transaction, id: &BayId, occupations: &[OccupationId]) -> Result<(), Halt> {
    for occupation in occupations {
        works::align(tx, occupation, std::slice::from_ref(id))?;
    }
    Ok(())
}

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

/// Marks a bay. `occupations` are those in force near it: they close it if they touch it. A bay that was retired while an
/// occupation closed it is freed if that has ended since.
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

/// Changes a bay; one that is moved away from what closes it is freed. A session that goes on keeps the zone and tariff under
/// which it began.
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

/// The occupations that ask for a bay as far as it has heard: at most [`Bay::MAX_SUSPENSIONS`], none if there is no bay.
///
/// # Errors
/// As [`Transaction::load`].
pub fn occupations_of(tx: &mut Transaction, id: &BayId) -> Result<Vec<OccupationId>, Halt> {
    let Some(bay) = tx.load::<Bay>(id.as_str())? else {
        return Ok(Vec::new());
    };
    let asking = bay
        .suspensions
        .iter()
        .filter(|(_, suspension)| suspension.schedule.is_some());
    Ok(asking.map(|(occupation, _)| occupation.clone()).collect())
}

/// Aligns a bay with the occupations near it, and with those that it carries: a retired bay does not hear that one has ended,
/// and one that is moved leaves it behind. Those near it come first, so that a bay which they close too is not opened between.
fn align_with(tx: &mut Transaction, id: &BayId, near: &[OccupationId]) -> Result<(), Halt> {
    let carried = occupations_of(tx, id)?;
    let others = carried
        .iter()
        .filter(|occupation| !near.contains(occupation));
    for occupation in near.iter().chain(others) {
        works::align(tx, occupation, std::slice::from_ref(id))?;
    }
    Ok(())
}

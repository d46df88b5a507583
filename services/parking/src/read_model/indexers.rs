//! From each change to the rows that follow from it.

use super::counts::contributions;
use super::{
    AvailabilityRow, BAYS, BAYS_BY_OCCUPATION, BAYS_BY_ZONE, BayRow, CHANGE_COUNT, CHANGES,
    CHANGES_KEPT, HOURS, OCCUPATIONS_IN_FORCE, PLACES_VERSION, RING, SESSIONS, SESSIONS_BY_BAY,
    SESSIONS_BY_PLATE, SESSIONS_BY_ZONE, TARIFFS, ZONE_COUNTS, ZONES,
};
use crate::domain::bay::{Bay, BayEvent};
use crate::domain::session::Session;
use crate::domain::tariff::Tariff;
use crate::domain::works::Occupation;
use crate::domain::zone::Zone;
use chassis::projection::{Broken, Change, Rows};

pub(super) fn zone(change: &Change<'_, Zone>, rows: &mut Rows<'_>) -> Result<(), Broken> {
    let id = change.id.to_owned();
    let district = |zone: &Zone| (!zone.retired).then(|| zone.details.district.code());
    let (before, after) = (
        change.before.and_then(district),
        change.after.and_then(district),
    );
    // Bays come and go; the row stays.
    if before != after {
        match after {
            Some(district) => rows.put(&ZONES, &id, &district),
            None => rows.delete(&ZONES, &id),
        }
    }
    Ok(())
}

pub(super) fn tariff(change: &Change<'_, Tariff>, rows: &mut Rows<'_>) -> Result<(), Broken> {
    rows.put(&TARIFFS, &change.id.to_owned(), &());
    Ok(())
}

pub(super) fn occupation(
    change: &Change<'_, Occupation>,
    rows: &mut Rows<'_>,
) -> Result<(), Broken> {
    let key = |occupation: &Occupation| occupation.works_in_force().map(|_| change.id.to_owned());
    rows.reindex(
        &OCCUPATIONS_IN_FORCE,
        change.before.and_then(key),
        change.after.and_then(key),
    );
    Ok(())
}

pub(super) fn bay(change: &Change<'_, Bay>, rows: &mut Rows<'_>) -> Result<(), Broken> {
    let id = change.id.to_owned();
    let row = |bay: &Bay| BayRow {
        zone: bay.details.zone.as_str().to_owned(),
        position: bay.details.position,
        kind: bay.details.kind,
        availability: bay.availability,
        since: bay.available_since,
    };
    let before = change.before.filter(|bay| !bay.retired).map(row);
    let after = change.after.filter(|bay| !bay.retired).map(row);

    if before != after {
        match &after {
            Some(row) => rows.put(&BAYS, &id, row),
            None => rows.delete(&BAYS, &id),
        }
        let by_zone = |row: &BayRow| (row.zone.clone(), id.clone());
        rows.reindex(
            &BAYS_BY_ZONE,
            before.as_ref().map(by_zone),
            after.as_ref().map(by_zone),
        );
        if let Some(row) = &before {
            let mut counts = rows.get(&ZONE_COUNTS, &row.zone)?.unwrap_or_default();
            let count = counts.of(row.availability);
            *count = count.saturating_sub(1);
            rows.put(&ZONE_COUNTS, &row.zone, &counts);
        }
        if let Some(row) = &after {
            let mut counts = rows.get(&ZONE_COUNTS, &row.zone)?.unwrap_or_default();
            *counts.of(row.availability) += 1;
            rows.put(&ZONE_COUNTS, &row.zone, &counts);
        }
    }
    let place = |row: &BayRow| (row.position, row.kind);
    if before.as_ref().map(place) != after.as_ref().map(place) {
        let version = rows.get(&PLACES_VERSION, &())?.unwrap_or(0);
        rows.put(&PLACES_VERSION, &(), &(version + 1));
    }
    suspensions(change, rows);
    remember_changes(change, rows)
}

fn suspensions(change: &Change<'_, Bay>, rows: &mut Rows<'_>) {
    for event in change.events {
        match event {
            BayEvent::SuspensionScheduled { occupation, .. } => {
                rows.put(
                    &BAYS_BY_OCCUPATION,
                    &(occupation.as_str().to_owned(), change.id.to_owned()),
                    &(),
                );
            }
            BayEvent::SuspensionWithdrawn { occupation, .. } => {
                rows.delete(
                    &BAYS_BY_OCCUPATION,
                    &(occupation.as_str().to_owned(), change.id.to_owned()),
                );
            }
            _ => {}
        }
    }
}

fn remember_changes(change: &Change<'_, Bay>, rows: &mut Rows<'_>) -> Result<(), Broken> {
    let changed = change.events.iter().filter_map(|event| match event {
        BayEvent::AvailabilityChanged {
            place, to, since, ..
        } => Some((place, *to, *since)),
        _ => None,
    });
    for (number, (place, availability, since)) in changed.enumerate() {
        let key = (change.position, u32::try_from(number).unwrap_or(u32::MAX));
        let count = rows.get(&CHANGE_COUNT, &())?.unwrap_or(0);
        let slot = count % CHANGES_KEPT;
        if let Some(oldest) = rows.get(&RING, &slot)? {
            rows.delete(&CHANGES, &oldest);
        }
        let row = AvailabilityRow {
            bay: place.bay.as_str().to_owned(),
            zone: place.zone.as_str().to_owned(),
            availability,
            since,
        };
        rows.put(&CHANGES, &key, &row);
        rows.put(&RING, &slot, &key);
        rows.put(&CHANGE_COUNT, &(), &(count + 1));
    }
    Ok(())
}

pub(super) fn session(change: &Change<'_, Session>, rows: &mut Rows<'_>) -> Result<(), Broken> {
    let id = || change.id.to_owned();
    let (before, after) = (change.before, change.after);
    let by_time = |session: &Session| (session.arrived_at, id());
    rows.reindex(&SESSIONS, before.map(by_time), after.map(by_time));
    let by_bay = |session: &Session| {
        (
            session.place.bay.as_str().to_owned(),
            session.arrived_at,
            id(),
        )
    };
    rows.reindex(&SESSIONS_BY_BAY, before.map(by_bay), after.map(by_bay));
    let by_zone = |session: &Session| {
        (
            session.place.zone.as_str().to_owned(),
            session.arrived_at,
            id(),
        )
    };
    rows.reindex(&SESSIONS_BY_ZONE, before.map(by_zone), after.map(by_zone));
    let by_plate =
        |session: &Session| Some((session.vehicle()?.plate.token(), session.arrived_at, id()));
    rows.reindex(
        &SESSIONS_BY_PLATE,
        before.and_then(by_plate),
        after.and_then(by_plate),
    );

    let (was, is) = (before.map(contributions), after.map(contributions));
    if was == is {
        return Ok(());
    }
    let zone =
        |session: Option<&Session>| session.map(|session| session.place.zone.as_str().to_owned());
    for (hour, contribution) in was.into_iter().flatten() {
        let key = (zone(before).unwrap_or_default(), hour);
        let mut row = rows.get(&HOURS, &key)?.unwrap_or_default();
        row.take(contribution);
        rows.put(&HOURS, &key, &row);
    }
    for (hour, contribution) in is.into_iter().flatten() {
        let key = (zone(after).unwrap_or_default(), hour);
        let mut row = rows.get(&HOURS, &key)?.unwrap_or_default();
        row.add(contribution);
        rows.put(&HOURS, &key, &row);
    }
    Ok(())
}

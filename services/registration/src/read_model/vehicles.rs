//! By owner: vehicles. By vehicle, and by district and stage: applications. Natural keys find the rest without a row.

use crate::domain::application::{Application, Stage};
use crate::domain::standing;
use crate::domain::vehicle::Vehicle;
use chassis::domain::{Aggregate, Revision};
use chassis::projection::{Broken, Change, Key, Range, Rows, Table, View, prefix_of};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::ops::Bound;

/// [`owner_key`], VIN.
const OWNERS: Table<(u64, String), ()> = Table::new(0x10);
/// VIN, when it was filed, id.
const OF_VEHICLE: Table<(String, Timestamp, String), ()> = Table::new(0x11);
/// District, stage, when it was filed, id.
const OF_DISTRICT: Table<(u32, u8, Timestamp, String), ()> = Table::new(0x12);

/// Eight bytes for an owner. Two owners may share them: whoever looks up by them compares the owners.
fn owner_key(owner: &str) -> u64 {
    let hash = Sha256::digest(owner.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    u64::from_be_bytes(first)
}

fn owner_of(vehicle: &Vehicle) -> Option<&str> {
    vehicle.owner.as_ref().map(standing::key)
}

pub(super) fn index_vehicle(
    change: &Change<'_, Vehicle>,
    rows: &mut Rows<'_>,
) -> Result<(), Broken> {
    let row =
        |vehicle: &Vehicle| owner_of(vehicle).map(|owner| (owner_key(owner), change.id.to_owned()));
    let (before, after) = (change.before.and_then(row), change.after.and_then(row));
    rows.reindex(&OWNERS, before, after);
    Ok(())
}

pub(super) fn index_application(
    change: &Change<'_, Application>,
    rows: &mut Rows<'_>,
) -> Result<(), Broken> {
    let of_vehicle = |application: &Application| {
        let vin = application.vin.as_str().to_owned();
        (vin, application.filed_at, change.id.to_owned())
    };
    let of_district = |application: &Application| {
        (
            application.district.code(),
            application.stage as u8,
            application.filed_at,
            change.id.to_owned(),
        )
    };
    rows.reindex(
        &OF_VEHICLE,
        change.before.map(of_vehicle),
        change.after.map(of_vehicle),
    );
    rows.reindex(
        &OF_DISTRICT,
        change.before.map(of_district),
        change.after.map(of_district),
    );
    Ok(())
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<A> {
    pub found: Vec<(String, Revision, A)>,
    /// The key after which the next page begins; `None` at the end.
    pub next: Option<Vec<u8>>,
}

/// Vehicles of an owner: at most `size`, by VIN, after the key that the page before ended with.
///
/// # Errors
/// [`Broken`].
pub fn of_owner(
    view: &View,
    owner: &str,
    after: Option<&[u8]>,
    size: usize,
) -> Result<Page<Vehicle>, Broken> {
    let hash = owner_key(owner);
    let start = after
        .and_then(|mut key| String::decode(&mut key))
        .map(|vin| (hash, vin));
    let prefix = prefix_of(&hash);
    let from = start.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let range = Range::all(size + 1).within(&prefix).starting(from);
    let vins = view
        .scan(&OWNERS, range)?
        .into_iter()
        .map(|((_, vin), ())| vin);
    let mut page = load::<Vehicle>(view, vins.collect(), size, |vin| prefix_of(&vin.to_owned()))?;
    page.found
        .retain(|(_, _, vehicle)| owner_of(vehicle) == Some(owner));
    Ok(page)
}

/// Which applications are listed.
#[derive(Clone, Debug)]
pub enum Applications {
    OfVehicle(String),
    OfDistrict(u32, Stage),
}

/// Applications, newest first: at most `size`, after the key that the page before ended with.
///
/// # Errors
/// [`Broken`].
pub fn applications(
    view: &View,
    which: &Applications,
    after: Option<&[u8]>,
    size: usize,
) -> Result<Page<Application>, Broken> {
    let start = after.and_then(|mut key| <(Timestamp, String)>::decode(&mut key));
    let rows: Vec<(Timestamp, String)> = match which {
        Applications::OfVehicle(vin) => {
            let prefix = prefix_of(vin);
            let end = start.map(|(at, id)| (vin.clone(), at, id));
            let end = end.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
            let range = Range::all(size + 1).within(&prefix).ending(end).reversed();
            let rows = view.scan(&OF_VEHICLE, range)?;
            rows.into_iter().map(|((_, at, id), ())| (at, id)).collect()
        }
        Applications::OfDistrict(district, stage) => {
            let prefix = prefix_of(&(*district, *stage as u8));
            let end = start.map(|(at, id)| (*district, *stage as u8, at, id));
            let end = end.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
            let range = Range::all(size + 1).within(&prefix).ending(end).reversed();
            let rows = view.scan(&OF_DISTRICT, range)?;
            rows.into_iter()
                .map(|((_, _, at, id), ())| (at, id))
                .collect()
        }
    };
    let key_of = |id: &str| {
        let at = rows.iter().find(|(_, own)| own == id).map(|(at, _)| *at);
        prefix_of(&(at.unwrap_or_default(), id.to_owned()))
    };
    let ids = rows.iter().map(|(_, id)| id.clone()).collect();
    load::<Application>(view, ids, size, key_of)
}

/// The aggregates themselves; one row more than `size` tells that there is another page.
fn load<A: Aggregate>(
    view: &View,
    mut ids: Vec<String>,
    size: usize,
    key: impl Fn(&str) -> Vec<u8>,
) -> Result<Page<A>, Broken> {
    let more = ids.len() > size;
    ids.truncate(size);
    let next = ids.last().filter(|_| more).map(|id| key(id));
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some((revision, state)) = view.aggregate::<A>(&id)? {
            found.push((id, revision, state));
        }
    }
    Ok(Page { found, next })
}

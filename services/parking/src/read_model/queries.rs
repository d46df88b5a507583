//! Queries over parking's tables. Each takes a view and is run on a reader thread.

use super::{
    BAYS, BAYS_BY_OCCUPATION, BAYS_BY_ZONE, BayRow, CHANGE_COUNT, CHANGES, CHANGES_KEPT, HOURS,
    Hour, OCCUPATIONS_IN_FORCE, RING, SESSIONS, SESSIONS_BY_BAY, SESSIONS_BY_PLATE,
    SESSIONS_BY_ZONE, TARIFFS, ZONE_COUNTS, ZONES, ZoneCounts,
};
use crate::domain::bay::{Availability, Bay};
use crate::domain::ids::{BayId, OccupationId};
use crate::domain::session::{Session, SessionState};
use crate::domain::tariff::Tariff;
use crate::domain::works::{Occupation, Works, is_aligned};
use crate::domain::zone::Zone;
use chassis::domain::{District, Revision};
use chassis::projection::{Broken, Key, Range, View, prefix_of};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::ops::Bound;

/// Rows looked through for one page of a filtered list, at most: a page may come out short, and its token goes on.
const MOST_LOOKED_AT: usize = 2_000;
/// Occupations in force in a city at a time, at most.
const MOST_OCCUPATIONS: usize = 10_000;
/// Bays of one zone in one answer, at most.
const MOST_IN_ZONE: usize = 10_000;
/// Bays that one occupation closes, at most.
const MOST_TOUCHED: usize = 100_000;

/// A change of availability, for watches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AvailabilityRow {
    pub bay: String,
    pub zone: String,
    pub availability: Availability,
    pub since: Timestamp,
}

/// A page of aggregates, and the key after which the next begins; `None` at the end.
#[derive(Debug)]
pub struct Found<A> {
    pub items: Vec<(String, Revision, A)>,
    pub next: Option<Vec<u8>>,
}

fn cursor<K: Key>(after: Option<&[u8]>) -> Option<K> {
    let mut bytes = after?;
    K::decode(&mut bytes)
}

fn beyond<K>(after: Option<&K>) -> Bound<&K> {
    after.map_or(Bound::Unbounded, Bound::Excluded)
}

/// Zones by id.
///
/// # Errors
/// [`Broken`].
pub fn list_zones(
    view: &View,
    district: Option<District>,
    after: Option<&[u8]>,
    size: usize,
) -> Result<Found<Zone>, Broken> {
    let after: Option<String> = cursor(after);
    let rows = view.scan(
        &ZONES,
        Range::all(MOST_LOOKED_AT).starting(beyond(after.as_ref())),
    )?;
    let wanted = rows
        .into_iter()
        .map(|(id, code)| (id, district.is_none_or(|district| district.code() == code)));
    page(wanted, size, |id| view.aggregate::<Zone>(id))
}

/// Tariffs by id.
///
/// # Errors
/// [`Broken`].
pub fn list_tariffs(
    view: &View,
    after: Option<&[u8]>,
    size: usize,
) -> Result<Found<Tariff>, Broken> {
    let after: Option<String> = cursor(after);
    let rows = view.scan(
        &TARIFFS,
        Range::all(size + 1).starting(beyond(after.as_ref())),
    )?;
    let wanted = rows.into_iter().map(|(id, ())| (id, true));
    page(wanted, size, |id| view.aggregate::<Tariff>(id))
}

/// Bays by id, of one zone if given.
///
/// # Errors
/// [`Broken`].
pub fn list_bays(
    view: &View,
    zone: Option<&str>,
    availability: Option<Availability>,
    after: Option<&[u8]>,
    size: usize,
) -> Result<Found<Bay>, Broken> {
    let after: Option<String> = cursor(after);
    let ids: Vec<String> = match zone {
        None => view
            .scan(
                &BAYS,
                Range::all(MOST_LOOKED_AT).starting(beyond(after.as_ref())),
            )?
            .into_iter()
            .map(|(id, _)| id)
            .collect(),
        Some(zone) => {
            let prefix = prefix_of(&zone.to_owned());
            let from = after.map(|after| (zone.to_owned(), after));
            view.scan(
                &BAYS_BY_ZONE,
                Range::all(MOST_LOOKED_AT)
                    .within(&prefix)
                    .starting(beyond(from.as_ref())),
            )?
            .into_iter()
            .map(|((_, id), ())| id)
            .collect()
        }
    };
    let mut wanted = Vec::with_capacity(ids.len());
    for id in ids {
        let matches = match availability {
            None => true,
            Some(availability) => view
                .get(&BAYS, &id)?
                .is_some_and(|row| row.availability == availability),
        };
        wanted.push((id, matches));
    }
    page(wanted.into_iter(), size, |id| view.aggregate::<Bay>(id))
}

/// The bays of one zone, by id.
///
/// # Errors
/// [`Broken`].
pub fn bay_rows(view: &View, zone: &str) -> Result<Vec<(String, BayRow)>, Broken> {
    let prefix = prefix_of(&zone.to_owned());
    let mut rows = Vec::new();
    for ((_, id), ()) in view.scan(&BAYS_BY_ZONE, Range::all(MOST_IN_ZONE).within(&prefix))? {
        if let Some(row) = view.get(&BAYS, &id)? {
            rows.push((id, row));
        }
    }
    Ok(rows)
}

/// Which sessions.
#[derive(Clone, Debug)]
pub enum SessionFilter {
    All,
    Bay(String),
    Zone(String),
    /// By the plate's token.
    Plate(String),
}

/// Sessions, newest arrival first.
///
/// # Errors
/// [`Broken`].
pub fn list_sessions(
    view: &View,
    filter: &SessionFilter,
    state: Option<SessionState>,
    after: Option<&[u8]>,
    size: usize,
) -> Result<Found<Session>, Broken> {
    let after: Option<(Timestamp, String)> = cursor(after);
    let keys: Vec<(Timestamp, String)> = match filter {
        SessionFilter::All => view
            .scan(
                &SESSIONS,
                Range::all(MOST_LOOKED_AT)
                    .ending(beyond(after.as_ref()))
                    .reversed(),
            )?
            .into_iter()
            .map(|(key, ())| key)
            .collect(),
        SessionFilter::Bay(parent) | SessionFilter::Zone(parent) | SessionFilter::Plate(parent) => {
            let table = match filter {
                SessionFilter::Bay(_) => &SESSIONS_BY_BAY,
                SessionFilter::Zone(_) => &SESSIONS_BY_ZONE,
                SessionFilter::Plate(_) | SessionFilter::All => &SESSIONS_BY_PLATE,
            };
            let prefix = prefix_of(parent);
            let to = after.map(|(at, id)| (parent.clone(), at, id));
            view.scan(
                table,
                Range::all(MOST_LOOKED_AT)
                    .within(&prefix)
                    .ending(beyond(to.as_ref()))
                    .reversed(),
            )?
            .into_iter()
            .map(|((_, at, id), ())| (at, id))
            .collect()
        }
    };
    let looked_at_all = keys.len() < MOST_LOOKED_AT;
    let mut items = Vec::new();
    let mut next = None;
    let mut last = None;
    for key in keys {
        if items.len() == size {
            next = last;
            return Ok(Found { items, next });
        }
        if let Some((revision, session)) = view.aggregate::<Session>(&key.1)?
            && state.is_none_or(|state| session.state() == state)
        {
            items.push((key.1.clone(), revision, session));
        }
        last = Some(prefix_of(&key));
    }
    if !looked_at_all {
        next = last;
    }
    Ok(Found { items, next })
}

/// Loads the wanted ones among `rows` until a page is full.
fn page<A>(
    rows: impl ExactSizeIterator<Item = (String, bool)>,
    size: usize,
    load: impl Fn(&String) -> Result<Option<(Revision, A)>, Broken>,
) -> Result<Found<A>, Broken> {
    let looked_at_all = rows.len() < MOST_LOOKED_AT;
    let mut items = Vec::new();
    let mut last = None;
    for (id, wanted) in rows {
        if items.len() == size {
            return Ok(Found { items, next: last });
        }
        if wanted && let Some((revision, item)) = load(&id)? {
            items.push((id.clone(), revision, item));
        }
        last = Some(prefix_of(&id));
    }
    Ok(Found {
        items,
        next: if looked_at_all { None } else { last },
    })
}

/// # Errors
/// [`Broken`].
pub fn zone_counts(view: &View, zone: &str) -> Result<ZoneCounts, Broken> {
    Ok(view
        .get(&ZONE_COUNTS, &zone.to_owned())?
        .unwrap_or_default())
}

/// Hours of a zone, oldest first.
///
/// # Errors
/// [`Broken`].
pub fn hours(
    view: &View,
    zone: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(Timestamp, Hour)>, Broken> {
    let first = (zone.to_owned(), super::counts::hour_of(from));
    let last = (zone.to_owned(), super::counts::hour_of(to));
    let range = Range::all(MOST_LOOKED_AT)
        .starting(Bound::Included(&first))
        .ending(Bound::Included(&last));
    let rows = view.scan(&HOURS, range)?;
    Ok(rows
        .into_iter()
        .map(|((_, hour), row)| (hour, row))
        .collect())
}

/// The bays that an occupation asks for, as far as recorded.
///
/// # Errors
/// [`Broken`].
pub fn bays_of_occupation(view: &View, occupation: &OccupationId) -> Result<Vec<BayId>, Broken> {
    let prefix = prefix_of(&occupation.as_str().to_owned());
    let rows = view.scan(
        &BAYS_BY_OCCUPATION,
        Range::all(MOST_TOUCHED).within(&prefix),
    )?;
    Ok(rows
        .into_iter()
        .filter_map(|((_, bay), ())| BayId::parse(&bay).ok())
        .collect())
}

/// The occupations in force and what they close.
///
/// # Errors
/// [`Broken`].
pub fn occupations_in_force(view: &View) -> Result<Vec<(OccupationId, Works)>, Broken> {
    let mut found = Vec::new();
    for (id, ()) in view.scan(&OCCUPATIONS_IN_FORCE, Range::all(MOST_OCCUPATIONS))? {
        let occupation = view.aggregate::<Occupation>(&id)?;
        let works = occupation
            .as_ref()
            .and_then(|(_, occupation)| occupation.works_in_force());
        if let (Some(id), Some(works)) = (OccupationId::parse(&id).ok(), works) {
            found.push((id, works.clone()));
        }
    }
    Ok(found)
}

/// The occupations with which a bay is not aligned: first those that it carries, because one that leaves makes room. None if
/// there is no such bay.
///
/// # Errors
/// [`Broken`].
pub fn occupations_not_aligned(view: &View, id: &BayId) -> Result<Vec<OccupationId>, Broken> {
    let Some((_, bay)) = view.aggregate::<Bay>(id.as_str())? else {
        return Ok(Vec::new());
    };
    if bay.retired {
        return Ok(Vec::new());
    }
    let mut candidates: Vec<OccupationId> = bay.suspensions.keys().cloned().collect();
    for (occupation, works) in occupations_in_force(view)? {
        if works.touches(bay.details.position) && !bay.suspensions.contains_key(&occupation) {
            candidates.push(occupation);
        }
    }
    let mut found = Vec::new();
    for candidate in candidates {
        let known = view.aggregate::<Occupation>(candidate.as_str())?;
        if known.is_some_and(|(_, known)| !is_aligned(&bay, &candidate, &known)) {
            found.push(candidate);
        }
    }
    Ok(found)
}

/// Changes of availability with their position and number within their commit.
pub type Changes = Vec<((u64, u32), AvailabilityRow)>;

/// The position asked for is older than what is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// The oldest position from which a watch can resume.
    pub oldest: u64,
}

/// Changes of availability after a position, oldest first.
///
/// # Errors
/// [`Broken`]; the inner [`Forgotten`] if changes after `after` have been dropped.
pub fn changes_after(
    view: &View,
    after: u64,
    limit: usize,
) -> Result<Result<Changes, Forgotten>, Broken> {
    let count = view.get(&CHANGE_COUNT, &())?.unwrap_or(0);
    if count > CHANGES_KEPT {
        // The slot that the next change will take holds the oldest one kept; the one before it is gone.
        let oldest = view.get(&RING, &(count % CHANGES_KEPT))?;
        if let Some((oldest, _)) = oldest.filter(|(oldest, _)| after < *oldest) {
            return Ok(Err(Forgotten { oldest }));
        }
    }
    let from = (after, u32::MAX);
    Ok(Ok(view.scan(
        &CHANGES,
        Range::all(limit).starting(Bound::Excluded(&from)),
    )?))
}

/// Position of the newest change of availability; 0 if there is none.
///
/// # Errors
/// [`Broken`].
pub fn newest_change(view: &View) -> Result<u64, Broken> {
    let rows = view.scan(&CHANGES, Range::all(1).reversed())?;
    Ok(rows.first().map_or(0, |((position, _), _)| *position))
}

//! What the projection keeps beside the permits themselves: one table of facets, by which lists and the feed find them.

use crate::domain::application::{Application, PermitKind};
use crate::domain::permit::Permit;
use crate::domain::registers::{ApplicantStanding, DriverStanding, VehicleRecord};
use crate::domain::road_calendar::RoadCalendar;
use chassis::domain::{Aggregate, Revision};
use chassis::projection::{Broken, Change, Definition, Key, Range, Rows, Table, View, prefix_of};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::ops::Bound;

/// Must change with the layout of any state or row.
const VERSION: u32 = 1;

/// Facet, its value, when the permit was filed, its id.
const FACETS: Table<(u8, String, Timestamp, String), ()> = Table::new(0x10);

/// Permits that one page may look at: a filter that fits few of many gives short pages, never a slow one.
const MOST_VISITED: usize = 5_000;

pub fn definition() -> Definition {
    Definition::new(VERSION)
        .aggregate::<Permit>(index)
        .aggregate::<RoadCalendar>(unindexed)
        .aggregate::<DriverStanding>(unindexed)
        .aggregate::<VehicleRecord>(unindexed)
        .aggregate::<ApplicantStanding>(unindexed)
}

fn unindexed<A: Aggregate>(_: &Change<'_, A>, _: &mut Rows<'_>) -> Result<(), Broken> {
    Ok(())
}

/// By what a permit can be found. The values of one facet are one run of rows, newest last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    All,
    /// A stage, or `suspended`: [`Permit::state_name`].
    State(&'static str),
    Kind(PermitKind),
    District(String),
    /// [`RoadCalendar::normal_name`] of a road.
    Road(String),
    Plate(String),
    Applicant(String),
    /// Road occupations that are granted and not over.
    Occupying,
}

impl Facet {
    fn key(&self) -> (u8, String) {
        match self {
            Self::All => (0, String::new()),
            Self::State(state) => (1, (*state).to_owned()),
            Self::Kind(kind) => (2, kind.as_str().to_owned()),
            Self::District(district) => (3, district.clone()),
            Self::Road(road) => (4, road.clone()),
            Self::Plate(plate) => (5, plate.clone()),
            Self::Applicant(code) => (6, code.clone()),
            Self::Occupying => (7, String::new()),
        }
    }

    /// All facets under which a permit is found.
    fn of(permit: &Permit) -> BTreeSet<Self> {
        let mut facets = BTreeSet::from([
            Self::All,
            Self::State(permit.state_name()),
            Self::Kind(permit.kind()),
            Self::District(permit.district.to_string()),
            Self::Applicant(permit.applicant.credit_code.to_string()),
        ]);
        for plate in permit.application.plates() {
            facets.insert(Self::Plate(plate.to_string()));
        }
        if let Application::RoadOccupation(occupation) = &permit.application {
            for road in &occupation.stretch.roads {
                facets.insert(Self::Road(RoadCalendar::normal_name(road.as_str())));
            }
            if permit.stage.is_granted() {
                facets.insert(Self::Occupying);
            }
        }
        facets
    }
}

fn index(change: &Change<'_, Permit>, rows: &mut Rows<'_>) -> Result<(), Broken> {
    let keys = |permit: Option<&Permit>| -> BTreeSet<(u8, String, Timestamp, String)> {
        let Some(permit) = permit else {
            return BTreeSet::new();
        };
        Facet::of(permit)
            .iter()
            .map(|facet| {
                let (number, value) = facet.key();
                (number, value, permit.created, change.id.to_owned())
            })
            .collect()
    };
    let (before, after) = (keys(change.before), keys(change.after));
    for key in before.difference(&after) {
        rows.delete(&FACETS, key);
    }
    for key in after.difference(&before) {
        rows.put(&FACETS, key, &());
    }
    Ok(())
}

/// A permit as it stands in the projection.
#[derive(Clone, Debug)]
pub struct Found {
    pub id: String,
    pub revision: Revision,
    pub permit: Permit,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct FoundPage {
    pub found: Vec<Found>,
    /// The key after which the next page begins; `None` at the end.
    pub next: Option<Vec<u8>>,
}

/// Permits with all of these facets, newest first: at most `size`, after the key that the page before ended with.
///
/// # Errors
/// [`Broken`].
pub fn list(
    view: &View,
    facets: &[Facet],
    after: Option<&[u8]>,
    size: usize,
) -> Result<FoundPage, Broken> {
    // The facet that is likely to be the rarest leads; the others are looked up in the permit itself.
    let leading = facets.iter().max().cloned().unwrap_or(Facet::All);
    let (number, value) = leading.key();
    let prefix = prefix_of(&(number, value.clone()));
    let start = after.and_then(|mut key| <(Timestamp, String)>::decode(&mut key));
    let from = start.map(|(created, id)| (number, value, created, id));
    let mut range = Range::all(MOST_VISITED).within(&prefix).reversed();
    if let Some(key) = &from {
        range = range.ending(Bound::Excluded(key));
    }
    let mut page = FoundPage {
        found: Vec::new(),
        next: None,
    };
    let mut last = None;
    let mut visited = 0;
    let mut failed = None;
    view.for_each(&FACETS, range, |(_, _, created, id), ()| {
        if page.found.len() == size {
            // There is at least one more.
            page.next = last.take();
            return false;
        }
        visited += 1;
        last = Some(prefix_of(&(created, id.clone())));
        match view.aggregate::<Permit>(&id) {
            Ok(Some((revision, permit))) if has_all(&permit, facets) => {
                page.found.push(Found {
                    id,
                    revision,
                    permit,
                });
            }
            Ok(_) => {}
            Err(broken) => failed = Some(broken),
        }
        failed.is_none()
    })?;
    if let Some(broken) = failed {
        return Err(broken);
    }
    if visited == MOST_VISITED {
        page.next = last;
    }
    Ok(page)
}

fn has_all(permit: &Permit, facets: &[Facet]) -> bool {
    let own = Facet::of(permit);
    facets.iter().all(|facet| own.contains(facet))
}

/// Road occupations that are granted and not over, newest first, at most `limit`.
///
/// # Errors
/// [`Broken`].
pub fn occupying(view: &View, limit: usize) -> Result<Vec<Found>, Broken> {
    let mut all = Vec::new();
    let mut after = None;
    while all.len() < limit {
        let size = limit - all.len();
        let page = list(view, &[Facet::Occupying], after.as_deref(), size)?;
        all.extend(page.found);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    Ok(all)
}

//! What the projection keeps beside the aggregates: facets by which cases and hazards are listed, and counts of hazards.

mod junctions;

use crate::domain::detention::Detention;
use crate::domain::docket::Docket;
use crate::domain::hazard::{Hazard, HazardStage};
use crate::domain::licence::Licence;
use crate::domain::persuasion::{Company, JunctionDay};
use crate::domain::violation::{Stage, Violation};
use chassis::domain::{Aggregate, Revision};
use chassis::projection::{Broken, Change, Definition, Key, Range, Rows, Table, View, prefix_of};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::ops::Bound;

pub use junctions::{Junctions, junctions};

/// Must change with the layout of any state or row.
const VERSION: u32 = 2;

type Facets = Table<(u8, String, Timestamp, String), ()>;

/// Facet, its value, when it was filed, its id.
const VIOLATIONS: Facets = Table::new(0x10);
const HAZARDS: Facets = Table::new(0x11);
/// District, or 0 for all: hazards found, hazards verified.
const RECTIFICATION: Table<u32, (u64, u64)> = Table::new(0x12);

/// Entries that one page may look at: a filter that fits few of many gives short pages, never a slow one.
const MOST_VISITED: usize = 5_000;

pub fn definition() -> Definition {
    Definition::new(VERSION)
        .aggregate::<Violation>(index_violation)
        .aggregate::<Hazard>(index_hazard)
        .aggregate::<Docket>(unindexed)
        .aggregate::<Licence>(unindexed)
        .aggregate::<Detention>(unindexed)
        .aggregate::<JunctionDay>(junctions::index)
        .aggregate::<Company>(unindexed)
}

fn unindexed<A: Aggregate>(_: &Change<'_, A>, _: &mut Rows<'_>) -> Result<(), Broken> {
    Ok(())
}

/// By what a case or a hazard can be found. The values of one facet are one run of rows, newest last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    All,
    State(&'static str),
    District(u32),
    Plate(String),
    Person(String),
}

impl Facet {
    fn key(&self) -> (u8, String) {
        match self {
            Self::All => (0, String::new()),
            Self::State(state) => (1, (*state).to_owned()),
            Self::District(district) => (2, district.to_string()),
            Self::Plate(plate) => (3, plate.clone()),
            Self::Person(person) => (4, person.clone()),
        }
    }
}

/// An aggregate that is listed by facets.
pub trait Listed: Aggregate {
    const TABLE: Facets;
    fn filed_at(&self) -> Timestamp;
    fn facets(&self) -> BTreeSet<Facet>;
}

impl Listed for Violation {
    const TABLE: Facets = VIOLATIONS;

    fn filed_at(&self) -> Timestamp {
        self.filed_at
    }

    fn facets(&self) -> BTreeSet<Facet> {
        let mut facets = BTreeSet::from([
            Facet::All,
            Facet::State(Stage::as_str(self.stage)),
            Facet::District(self.district().code()),
        ]);
        if let Some(plate) = &self.filing.plate {
            facets.insert(Facet::Plate(plate.to_string()));
        }
        if let Some(party) = &self.party {
            facets.insert(Facet::Person(party.person.person.to_string()));
        }
        facets
    }
}

impl Listed for Hazard {
    const TABLE: Facets = HAZARDS;

    fn filed_at(&self) -> Timestamp {
        self.found_at
    }

    fn facets(&self) -> BTreeSet<Facet> {
        BTreeSet::from([
            Facet::All,
            Facet::State(self.stage.as_str()),
            Facet::District(self.place.district.code()),
        ])
    }
}

fn index_violation(change: &Change<'_, Violation>, rows: &mut Rows<'_>) -> Result<(), Broken> {
    index_facets(change, rows);
    Ok(())
}

fn index_hazard(change: &Change<'_, Hazard>, rows: &mut Rows<'_>) -> Result<(), Broken> {
    index_facets(change, rows);
    let Some(hazard) = change.after else {
        return Ok(());
    };
    let found = u64::from(change.before.is_none());
    let verified = |hazard: &Hazard| hazard.stage == HazardStage::Verified;
    let newly_verified = u64::from(verified(hazard) && !change.before.is_some_and(verified));
    for district in [0, hazard.place.district.code()] {
        let (all, done) = rows.get(&RECTIFICATION, &district)?.unwrap_or_default();
        rows.put(
            &RECTIFICATION,
            &district,
            &(all + found, done + newly_verified),
        );
    }
    Ok(())
}

fn index_facets<A: Listed>(change: &Change<'_, A>, rows: &mut Rows<'_>) {
    let keys = |state: Option<&A>| -> BTreeSet<(u8, String, Timestamp, String)> {
        let Some(state) = state else {
            return BTreeSet::new();
        };
        state
            .facets()
            .iter()
            .map(|facet| {
                let (number, value) = facet.key();
                (number, value, state.filed_at(), change.id.to_owned())
            })
            .collect()
    };
    let (before, after) = (keys(change.before), keys(change.after));
    for key in before.difference(&after) {
        rows.delete(&A::TABLE, key);
    }
    for key in after.difference(&before) {
        rows.put(&A::TABLE, key, &());
    }
}

/// One page of a list, newest first.
#[derive(Clone, Debug)]
pub struct Listing<A> {
    pub found: Vec<(String, Revision, A)>,
    /// Where the next page begins; `None`: nothing is left.
    pub next: Option<Vec<u8>>,
}

/// Everything that has all of `facets`. The rarest facet last in [`Facet`]'s order is walked, the others are checked.
///
/// # Errors
/// [`Broken`].
pub fn list<A: Listed>(
    view: &View,
    facets: &[Facet],
    after: Option<&[u8]>,
    size: usize,
) -> Result<Listing<A>, Broken> {
    let walked = facets.iter().max().cloned().unwrap_or(Facet::All);
    let (number, value) = walked.key();
    let prefix = prefix_of(&(number, value.clone()));
    let from = after
        .and_then(|mut bytes| <(Timestamp, String)>::decode(&mut bytes))
        .map(|(at, id)| (number, value.clone(), at, id));
    let end = from.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let range = Range::all(MOST_VISITED)
        .within(&prefix)
        .ending(end)
        .reversed();
    let rows = view.scan(&A::TABLE, range)?;
    let exhausted = rows.len() < MOST_VISITED;
    let mut found = Vec::new();
    let mut last = None;
    let mut left_over = false;
    for ((_, _, at, id), ()) in rows {
        if found.len() == size {
            left_over = true;
            break;
        }
        last = Some((at, id.clone()));
        let Some((revision, state)) = view.aggregate::<A>(&id)? else {
            continue;
        };
        let own = state.facets();
        if facets.iter().all(|facet| own.contains(facet)) {
            found.push((id, revision, state));
        }
    }
    let next = last
        .filter(|_| left_over || !exhausted)
        .map(|last| prefix_of(&last));
    Ok(Listing { found, next })
}

/// Hazards found and verified in a district, or in all (0).
///
/// # Errors
/// [`Broken`].
pub fn rectification(view: &View, district: u32) -> Result<(u64, u64), Broken> {
    Ok(view.get(&RECTIFICATION, &district)?.unwrap_or_default())
}

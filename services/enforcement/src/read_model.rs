//! What the projection keeps beside the aggregates: facets by which cases and hazards are listed, and counts of hazards.

mod junctions;

use crate::domain::arrears::Arrears;
use crate::domain::detention::Detention;
use crate::domain::docket::Docket;
use crate::domain::hazard::{Hazard, HazardStage};
use crate::domain::licence::Licence;
use crate::domain::oversize::OversizePermit;
use crate::domain::persuasion::{Company, JunctionDay};
use crate::domain::registered::RegisteredPlate;
use crate::domain::violation::{Stage, Violation};
use chassis::domain::Aggregate;
use chassis::projection::{
    Broken, Change, Definition, FacetTable, Faceted, Rows, Table, View, index_facets,
};
use jiff::Timestamp;
use std::collections::BTreeSet;

pub use junctions::{Junctions, junctions};

/// Must change with the layout of any state or row.
const VERSION: u32 = 6;

const VIOLATIONS: FacetTable = Table::new(0x10);
const HAZARDS: FacetTable = Table::new(0x11);
/// District, or 0 for all: hazards found, hazards verified.
const RECTIFICATION: Table<u32, (u64, u64)> = Table::new(0x12);

pub fn definition() -> Definition {
    Definition::new(VERSION)
        .aggregate::<Violation>(index_violation)
        .aggregate::<Hazard>(index_hazard)
        .aggregate::<Docket>(unindexed)
        .aggregate::<Licence>(unindexed)
        .aggregate::<Detention>(unindexed)
        .aggregate::<JunctionDay>(junctions::index)
        .aggregate::<Company>(unindexed)
        .aggregate::<Arrears>(unindexed)
        .aggregate::<OversizePermit>(unindexed)
        .aggregate::<RegisteredPlate>(unindexed)
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

impl chassis::projection::Facet for Facet {
    const ALL: Self = Self::All;

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

impl Faceted for Violation {
    type Facet = Facet;
    const TABLE: FacetTable = VIOLATIONS;

    fn listed_since(&self) -> Timestamp {
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

impl Faceted for Hazard {
    type Facet = Facet;
    const TABLE: FacetTable = HAZARDS;

    fn listed_since(&self) -> Timestamp {
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

/// Hazards found and verified in a district, or in all (0).
///
/// # Errors
/// [`Broken`].
pub fn rectification(view: &View, district: u32) -> Result<(u64, u64), Broken> {
    Ok(view.get(&RECTIFICATION, &district)?.unwrap_or_default())
}

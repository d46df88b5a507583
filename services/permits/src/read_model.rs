//! What the projection keeps beside the permits themselves: one table of facets, by which lists and the feed find them.

use crate::domain::application::{Application, PermitKind};
use crate::domain::permit::{Permit, Stage};
use crate::domain::registers::{ApplicantStanding, DriverStanding, VehicleRecord};
use crate::domain::road_calendar::RoadCalendar;
use chassis::domain::Aggregate;
use chassis::projection::{
    Broken, Change, Definition, FacetTable, Faceted, Found, Rows, Table, View, index_facets, list,
};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Must change with the layout of any state or row, and with what is due or found under which facet.
const VERSION: u32 = 3;

const FACETS: FacetTable = Table::new(0x10);

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
    /// The account that filed it.
    FiledBy(String),
    /// [`RoadCalendar::normal_name`] of a road.
    Road(String),
    Plate(String),
    Applicant(String),
    /// Road occupations that are granted and not begun, or begun and not reopened, permit or none.
    Occupying,
}

impl chassis::projection::Facet for Facet {
    const ALL: Self = Self::All;

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
            Self::FiledBy(account) => (8, account.clone()),
        }
    }
}

impl Faceted for Permit {
    type Facet = Facet;
    const TABLE: FacetTable = FACETS;

    fn listed_since(&self) -> Timestamp {
        self.created
    }

    fn facets(&self) -> BTreeSet<Facet> {
        let mut facets = BTreeSet::from([
            Facet::All,
            Facet::State(self.state_name()),
            Facet::Kind(self.kind()),
            Facet::District(self.district.to_string()),
            Facet::FiledBy(self.filed_by.clone()),
            Facet::Applicant(self.applicant.credit_code.to_string()),
        ]);
        for plate in self.application.plates() {
            facets.insert(Facet::Plate(plate.to_string()));
        }
        if let Application::RoadOccupation(occupation) = &self.application {
            for road in &occupation.stretch.roads {
                facets.insert(Facet::Road(RoadCalendar::normal_name(road.as_str())));
            }
            if self.stage == Stage::Approved || self.progress.is_under_way() {
                facets.insert(Facet::Occupying);
            }
        }
        facets
    }
}

fn index(change: &Change<'_, Permit>, rows: &mut Rows<'_>) -> Result<(), Broken> {
    index_facets(change, rows);
    Ok(())
}

/// What is [`Facet::Occupying`], newest first, at most `limit`.
///
/// # Errors
/// [`Broken`].
pub fn occupying(view: &View, limit: usize) -> Result<Vec<Found<Permit>>, Broken> {
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

//! Tables and indexes that parking keeps in its projection, and the queries over them.

mod counts;
mod indexers;
mod places;
mod queries;

pub use counts::{Hour, ZoneCounts};
pub use places::Places;
pub use queries::{
    AvailabilityRow, Changes, Forgotten, Found, SessionFilter, bay_rows, bays_of_occupation,
    changes_after, hours, list_bays, list_sessions, list_tariffs, list_zones, newest_change,
    occupations_in_force, occupations_not_aligned, zone_counts,
};

use crate::domain::bay::{Availability, Bay, BayKind};
use crate::domain::geometry::Position;
use crate::domain::session::{Money, Session};
use crate::domain::tariff::Tariff;
use crate::domain::waiver::Waiver;
use crate::domain::works::Occupation;
use crate::domain::zone::Zone;
use chassis::projection::{Definition, Table};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Must change with every state, table or row that changes its layout; projections are then rebuilt.
const VERSION: u32 = 4;

/// All aggregate types of parking and how their changes are indexed.
pub fn definition() -> Definition {
    Definition::new(VERSION)
        .aggregate::<Zone>(indexers::zone)
        .aggregate::<Tariff>(indexers::tariff)
        .aggregate::<Bay>(indexers::bay)
        .aggregate::<Session>(indexers::session)
        .aggregate::<Money>(|_, _| Ok(()))
        .aggregate::<Waiver>(|_, _| Ok(()))
        .aggregate::<Occupation>(indexers::occupation)
}

/// What lists, maps and counts need of a bay, without its readings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BayRow {
    pub zone: String,
    pub position: Position,
    pub kind: BayKind,
    pub availability: Availability,
    pub since: Timestamp,
}

/// Zones that are not retired, with their district.
const ZONES: Table<String, u32> = Table::new(0x10);
const TARIFFS: Table<String, ()> = Table::new(0x11);
/// Bays that are not retired.
const BAYS: Table<String, BayRow> = Table::new(0x12);
const BAYS_BY_ZONE: Table<(String, String), ()> = Table::new(0x13);
const ZONE_COUNTS: Table<String, ZoneCounts> = Table::new(0x14);
/// Sessions by arrival.
const SESSIONS: Table<(Timestamp, String), ()> = Table::new(0x15);
const SESSIONS_BY_BAY: Table<(String, Timestamp, String), ()> = Table::new(0x16);
const SESSIONS_BY_ZONE: Table<(String, Timestamp, String), ()> = Table::new(0x17);
/// By the plate's token (see `PlateNumber::token`).
const SESSIONS_BY_PLATE: Table<(String, Timestamp, String), ()> = Table::new(0x18);
/// Bays that an occupation asks for.
const BAYS_BY_OCCUPATION: Table<(String, String), ()> = Table::new(0x19);
const OCCUPATIONS_IN_FORCE: Table<String, ()> = Table::new(0x1a);
/// By zone and beginning of the hour.
const HOURS: Table<(String, Timestamp), Hour> = Table::new(0x1b);
/// Changes of availability, by position and number within their commit.
const CHANGES: Table<(u64, u32), AvailabilityRow> = Table::new(0x1c);
/// Which row of [`CHANGES`] is the oldest: a ring of [`CHANGES_KEPT`] places.
const RING: Table<u64, (u64, u32)> = Table::new(0x1d);
/// How many changes there ever were.
const CHANGE_COUNT: Table<(), u64> = Table::new(0x1e);
/// Counts every change of where bays are, so that an index of places knows that it is old.
const PLACES_VERSION: Table<(), u64> = Table::new(0x1f);

/// Changes of availability that a watch can resume after; older ones are forgotten. At 7,000 bays and 20 changes a bay and day
/// about half a day; some 10 MB.
pub const CHANGES_KEPT: u64 = 100_000;

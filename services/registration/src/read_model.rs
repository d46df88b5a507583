//! What the projection keeps beside the aggregates: by what vehicles, e-bikes and stations are found.

pub mod ebikes;
pub mod stations;
pub mod vehicles;

use crate::domain::application::Application;
use crate::domain::blocks::PlateRecord;
use crate::domain::ebike::Ebike;
use crate::domain::ebike::plate::PlateBlock;
use crate::domain::kiosk::KioskSession;
use crate::domain::kiosk::blank::Blank;
use crate::domain::order::{Order, UsedReference};
use crate::domain::plate::PlateClaim;
use crate::domain::plate::offer::PlateOffer;
use crate::domain::standing::ApplicantStanding;
use crate::domain::station::Station;
use crate::domain::station::day::StationDay;
use crate::domain::vehicle::Vehicle;
use chassis::domain::Aggregate;
use chassis::projection::{Broken, Change, Definition, Rows};

/// Must change with the layout of any state or row.
const VERSION: u32 = 4;

pub fn definition() -> Definition {
    Definition::new(VERSION)
        .aggregate::<Vehicle>(vehicles::index_vehicle)
        .aggregate::<Application>(vehicles::index_application)
        .aggregate::<PlateClaim>(unindexed)
        .aggregate::<PlateOffer>(unindexed)
        .aggregate::<PlateRecord>(unindexed)
        .aggregate::<ApplicantStanding>(unindexed)
        .aggregate::<Ebike>(ebikes::index)
        .aggregate::<PlateBlock>(ebikes::index_block)
        .aggregate::<Station>(stations::index)
        .aggregate::<StationDay>(unindexed)
        .aggregate::<Order>(unindexed)
        .aggregate::<UsedReference>(unindexed)
        .aggregate::<KioskSession>(unindexed)
        .aggregate::<Blank>(unindexed)
}

fn unindexed<A: Aggregate>(_: &Change<'_, A>, _: &mut Rows<'_>) -> Result<(), Broken> {
    Ok(())
}

//! What the projection keeps beside the aggregates: by what vehicles and applications are found.

pub mod vehicles;

use crate::domain::application::Application;
use crate::domain::blocks::PlateRecord;
use crate::domain::plate::PlateClaim;
use crate::domain::plate::offer::PlateOffer;
use crate::domain::standing::ApplicantStanding;
use crate::domain::vehicle::Vehicle;
use chassis::domain::Aggregate;
use chassis::projection::{Broken, Change, Definition, Rows};

/// Must change with the layout of any state or row.
const VERSION: u32 = 1;

pub fn definition() -> Definition {
    Definition::new(VERSION)
        .aggregate::<Vehicle>(vehicles::index_vehicle)
        .aggregate::<Application>(vehicles::index_application)
        .aggregate::<PlateClaim>(unindexed)
        .aggregate::<PlateOffer>(unindexed)
        .aggregate::<PlateRecord>(unindexed)
        .aggregate::<ApplicantStanding>(unindexed)
}

fn unindexed<A: Aggregate>(_: &Change<'_, A>, _: &mut Rows<'_>) -> Result<(), Broken> {
    Ok(())
}

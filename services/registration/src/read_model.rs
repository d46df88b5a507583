//! What the projection keeps beside the aggregates: by what vehicles and applications are found.

use chassis::projection::Definition;

/// Must change with the layout of any state or row.
const VERSION: u32 = 1;

pub fn definition() -> Definition {
    Definition::new(VERSION)
}

//! Vehicles as they count for parking.

use chassis::domain::values::{PlateKind, PlateNumber};
use serde::{Deserialize, Serialize};

/// How large a vehicle counts for the tariff.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum VehicleClass {
    /// Small and micro vehicles; also what is assumed when nothing tells the class (in the payer's favour).
    #[default]
    Small,
    /// Large and medium vehicles (yellow plates, large new-energy plates).
    Large,
}

/// Which vehicle stands in a bay.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Vehicle {
    pub plate: PlateNumber,
    pub class: VehicleClass,
}

impl Vehicle {
    /// The class as read; if it was not read, as far as the plate tells it.
    pub fn new(plate: PlateNumber, class: Option<VehicleClass>) -> Self {
        let told_by_plate = match plate.kind() {
            PlateKind::NewEnergyLarge => VehicleClass::Large,
            _ => VehicleClass::Small,
        };
        Self {
            class: class.unwrap_or(told_by_plate),
            plate,
        }
    }

    /// Whether the plate is one of a battery-electric or other new-energy vehicle.
    pub fn is_new_energy(&self) -> bool {
        matches!(
            self.plate.kind(),
            PlateKind::NewEnergySmall | PlateKind::NewEnergyLarge
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_follows_the_reading_then_the_plate_then_the_payers_favour() {
        let large = PlateNumber::parse("鲁R12345F").unwrap();
        assert_eq!(Vehicle::new(large.clone(), None).class, VehicleClass::Large);
        assert_eq!(
            Vehicle::new(large, Some(VehicleClass::Small)).class,
            VehicleClass::Small
        );
        let civil = PlateNumber::parse("鲁R12345").unwrap();
        assert_eq!(Vehicle::new(civil, None).class, VehicleClass::Small);
    }
}

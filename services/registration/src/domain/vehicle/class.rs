//! What kind of vehicle it is, and what follows from that: its plate, its office, its age of scrapping.

use chassis::domain::values::{DocumentNumber, Text};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VehicleClass {
    LargePassenger,
    MediumPassenger,
    SmallPassenger,
    MiniPassenger,
    HeavyTruck,
    MediumTruck,
    LightTruck,
    MiniTruck,
    Tractor,
    Trailer,
    SpecialWork,
    Motorcycle,
}

impl VehicleClass {
    pub const ALL: [Self; 12] = [
        Self::LargePassenger,
        Self::MediumPassenger,
        Self::SmallPassenger,
        Self::MiniPassenger,
        Self::HeavyTruck,
        Self::MediumTruck,
        Self::LightTruck,
        Self::MiniTruck,
        Self::Tractor,
        Self::Trailer,
        Self::SpecialWork,
        Self::Motorcycle,
    ];

    /// 载客汽车
    pub fn carries_passengers(self) -> bool {
        matches!(
            self,
            Self::LargePassenger
                | Self::MediumPassenger
                | Self::SmallPassenger
                | Self::MiniPassenger
        )
    }

    /// 小型、微型载客汽车, for which Order 164 makes many things easier.
    pub fn is_small_passenger(self) -> bool {
        matches!(self, Self::SmallPassenger | Self::MiniPassenger)
    }

    /// 中型以上载客汽车.
    pub fn is_medium_passenger_or_larger(self) -> bool {
        matches!(self, Self::LargePassenger | Self::MediumPassenger)
    }

    /// 小型、微型载客汽车或者摩托车: they move and are sold to another city by an application there (arts. 18(1), 27(3)).
    pub fn moves_from_its_destination(self) -> bool {
        self.is_small_passenger() || self == Self::Motorcycle
    }

    fn is_small(self) -> bool {
        self.is_small_passenger() || matches!(self, Self::LightTruck | Self::MiniTruck)
    }
}

/// 使用性质
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UseNature {
    NonOperating,
    Freight,
    HazardousGoods,
    HighwayCoach,
    TourCoach,
    PublicBus,
    Taxi,
    Rental,
    Training,
    SchoolBus,
    Fire,
    Ambulance,
    EngineeringRescue,
}

impl UseNature {
    pub const ALL: [Self; 13] = [
        Self::NonOperating,
        Self::Freight,
        Self::HazardousGoods,
        Self::HighwayCoach,
        Self::TourCoach,
        Self::PublicBus,
        Self::Taxi,
        Self::Rental,
        Self::Training,
        Self::SchoolBus,
        Self::Fire,
        Self::Ambulance,
        Self::EngineeringRescue,
    ];

    /// A road transport licence is needed (art. 13(2)).
    pub fn needs_transport_licence(self) -> bool {
        matches!(
            self,
            Self::HazardousGoods | Self::HighwayCoach | Self::TourCoach
        )
    }

    /// Carries for hire or trains drivers: 营运.
    pub fn is_operating(self) -> bool {
        !matches!(
            self,
            Self::NonOperating
                | Self::SchoolBus
                | Self::Fire
                | Self::Ambulance
                | Self::EngineeringRescue
        )
    }
}

/// 号牌种类
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlateCategory {
    Small,
    Large,
    SmallNewEnergy,
    LargeNewEnergy,
    Trailer,
    Training,
    Motorcycle,
}

impl PlateCategory {
    pub const ALL: [Self; 7] = [
        Self::Small,
        Self::Large,
        Self::SmallNewEnergy,
        Self::LargeNewEnergy,
        Self::Trailer,
        Self::Training,
        Self::Motorcycle,
    ];

    /// The plates that a vehicle gets (GA 36).
    pub fn of(vehicle: &Particulars) -> Self {
        match (vehicle.class, vehicle.use_nature) {
            (VehicleClass::Motorcycle, _) => Self::Motorcycle,
            (VehicleClass::Trailer, _) => Self::Trailer,
            (_, UseNature::Training) => Self::Training,
            (class, _) => match (class.is_small(), vehicle.new_energy) {
                (true, false) => Self::Small,
                (false, false) => Self::Large,
                (true, true) => Self::SmallNewEnergy,
                (false, true) => Self::LargeNewEnergy,
            },
        }
    }
}

/// A vehicle as its papers describe it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Particulars {
    pub class: VehicleClass,
    pub use_nature: UseNature,
    pub brand: Text<60>,
    pub model: Text<60>,
    pub colour: Text<20>,
    /// Trailers have none.
    pub engine_number: Option<DocumentNumber>,
    pub new_energy: bool,
    /// With the driver's.
    pub seats: u16,
    pub gross_mass_kg: u32,
    /// Left the factory, or passed the customs.
    pub made_on: Date,
    pub imported: bool,
    /// 海关监管
    pub customs_supervised: bool,
    /// The product authority exempts the model from the safety inspection (art. 11).
    pub inspection_exempt: bool,
}

impl Particulars {
    /// Only the city's own office registers these (art. 2(3)).
    pub fn is_reserved_to_the_city(&self) -> bool {
        self.class.is_medium_passenger_or_larger()
            || matches!(
                self.use_nature,
                UseNature::HazardousGoods | UseNature::SchoolBus
            )
    }

    /// 小型、微型非营运载客汽车
    pub fn is_private_car(&self) -> bool {
        self.class.is_small_passenger() && self.use_nature == UseNature::NonOperating
    }
}

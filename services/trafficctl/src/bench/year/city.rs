//! How large the year is: the figures of Heze, scaled; and what the benchmark assumes where there is no figure.

use traffic_proto::enforcement::v1::act::Measure;
use traffic_proto::enforcement::v1::{
    Act, Conduct, Load, Occupancy, Road, Speed, Vehicle, VehicleUse,
};

const EBIKES: u64 = 2_760_000;
const PERMITS: u64 = 8_089;
const HAZARDS: u64 = 104_703;
const RECTIFIED: u64 = 104_327;
const BAYS: u64 = 7_000;
/// E-bike riders who were persuaded and given a helmet.
const HELMETS: u64 = 280_000;
/// Assumed: riders persuaded of something else, or who had a helmet to put on.
const OTHERWISE_PERSUADED: u64 = 70_000;
/// Assumed: a hundred junctions, each counted once a day.
const JUNCTION_DAYS: u64 = 36_500;
/// Turnover of a bay in a day.
pub(super) const SESSIONS_A_BAY: u64 = 10;

/// Assumed shares of what is decided by people, in thousandths.
pub(super) mod shares {
    /// Records that fail a review.
    pub(in crate::bench::year) const UNCLEAR: u64 = 20;
    /// Notified records that turn out to be of another plate.
    pub(in crate::bench::year) const MISREAD: u64 = 5;
    /// Notified records that nobody comes to have handled within the year.
    pub(in crate::bench::year) const UNHANDLED: u64 = 140;
    /// Served fines that are not paid within the year.
    pub(in crate::bench::year) const UNPAID: u64 = 50;
    /// Permits for highly toxic chemicals; all others are for works on a road.
    pub(in crate::bench::year) const TOXIC: u64 = 100;
    /// Applications that the applicant withdraws, and those that are refused.
    pub(in crate::bench::year) const WITHDRAWN: u64 = 30;
    pub(in crate::bench::year) const REFUSED: u64 = 20;
    /// Parking fees that are not paid on the day.
    pub(in crate::bench::year) const PARKING_UNPAID: u64 = 100;
    /// Persuaded riders who ride for a delivery company.
    pub(in crate::bench::year) const DELIVERING: u64 = 10;
}

/// How a violation comes to the police, and what becomes of it at best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A fixed camera; whoever comes is dealt with in the simple procedure.
    Camera,
    /// An officer, in the simple procedure.
    Simple,
    /// An officer, in the general procedure: more than 200 yuan, or the licence is suspended.
    General,
    /// An officer, who lets go with an oral warning.
    Warned,
    /// An officer, who passes it on as a crime.
    Crime,
}

/// A kind of violation, and how many a year brings.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) a_year: u64,
    pub(super) way: Way,
    pub(super) act: fn() -> Act,
}

/// The year's 1.699 million violations. Of drunk driving, overcrowding, overload, plates and licences, unlawful carriage and of
/// parking and disorder together Heze tells how many; how each of these splits, and all of the rest, is assumed.
pub(super) const KINDS: [Kind; 14] = [
    // 6,442 drink and drunk driving, a quarter of them from 80 mg on.
    kind(4_832, Way::General, || drinking(45)),
    kind(1_610, Way::Crime, || drinking(120)),
    // 5,468 passenger overcrowding.
    kind(5_468, Way::Simple, || {
        with(
            Conduct::Overcrowding,
            Measure::Occupancy(Occupancy {
                approved: 5,
                carried: 6,
            }),
            car(),
        )
    }),
    // 14,000 overload, a quarter of them heavy.
    kind(10_500, Way::Simple, || overload(12_000)),
    kind(3_500, Way::General, || overload(16_000)),
    // 19,000 plate and licence.
    kind(19_000, Way::Simple, || plain(Conduct::PlateObscured, car())),
    // 2,679 unlawful carriage of people.
    kind(2_679, Way::General, || {
        plain(Conduct::TruckCarryingPassengers, truck())
    }),
    // 500,000 parking and disorder.
    kind(400_000, Way::Camera, || {
        plain(Conduct::IllegalParking, car())
    }),
    kind(100_000, Way::Warned, || {
        plain(Conduct::RiderOffence, ebike())
    }),
    // The rest, by camera.
    kind(400_000, Way::Camera, || {
        with(
            Conduct::Speeding,
            Measure::Speed(Speed {
                limit_kmh: 60,
                measured_kmh: 75,
            }),
            car(),
        )
    }),
    kind(300_000, Way::Camera, || {
        plain(Conduct::ProhibitorySign, car())
    }),
    kind(251_411, Way::Camera, || plain(Conduct::RedLight, car())),
    kind(100_000, Way::Camera, || plain(Conduct::SeatBelt, car())),
    kind(100_000, Way::Camera, || plain(Conduct::PhoneUse, car())),
];

const fn kind(a_year: u64, way: Way, act: fn() -> Act) -> Kind {
    Kind { a_year, way, act }
}

fn plain(conduct: Conduct, vehicle: Vehicle) -> Act {
    Act {
        conduct: conduct.into(),
        road: Road::Other.into(),
        vehicle: Some(vehicle),
        ..Act::default()
    }
}

fn with(conduct: Conduct, measure: Measure, vehicle: Vehicle) -> Act {
    Act {
        measure: Some(measure),
        ..plain(conduct, vehicle)
    }
}

fn drinking(mg_per_100ml: u32) -> Act {
    with(
        Conduct::DrinkDriving,
        Measure::AlcoholMgPer100ml(mg_per_100ml),
        car(),
    )
}

/// A truck of ten tonnes' load with so much on it.
fn overload(load_kg: u32) -> Act {
    let load = Load {
        allowed_mass_kg: 18_000,
        mass_kg: 8_000 + load_kg,
        approved_load_kg: 10_000,
        load_kg,
    };
    with(Conduct::Overloading, Measure::Load(load), truck())
}

fn car() -> Vehicle {
    vehicle(VehicleUse::OtherPassenger, 5)
}

fn truck() -> Vehicle {
    Vehicle {
        medium_or_larger: true,
        ..vehicle(VehicleUse::Truck, 3)
    }
}

fn ebike() -> Vehicle {
    vehicle(VehicleUse::NonMotor, 0)
}

fn vehicle(vehicle_use: VehicleUse, seats: u32) -> Vehicle {
    Vehicle {
        vehicle_use: vehicle_use.into(),
        seats,
        ..Vehicle::default()
    }
}

/// A year of the city, or a part of one.
#[derive(Clone, Debug)]
pub(super) struct City {
    pub(super) ebikes: u64,
    pub(super) permits: u64,
    pub(super) hazards: u64,
    pub(super) rectified: u64,
    pub(super) helmets: u64,
    pub(super) persuaded: u64,
    pub(super) junction_days: u64,
    pub(super) bays: u64,
    /// How many violations there are of the kinds up to and with each of [`KINDS`].
    violations: [u64; KINDS.len()],
}

impl City {
    /// The year at this scale; of everything there is at least one.
    pub(super) fn at(scale: f64) -> Self {
        let scaled = |figure: u64| ((figure as f64 * scale).round() as u64).max(1);
        let mut so_far = 0;
        let violations = KINDS.each_ref().map(|kind| {
            so_far += kind.a_year;
            scaled(so_far)
        });
        let helmets = scaled(HELMETS);
        Self {
            ebikes: scaled(EBIKES),
            permits: scaled(PERMITS),
            hazards: scaled(HAZARDS),
            rectified: scaled(RECTIFIED),
            helmets,
            persuaded: helmets + scaled(OTHERWISE_PERSUADED),
            junction_days: scaled(JUNCTION_DAYS),
            bays: scaled(BAYS),
            violations,
        }
    }

    pub(super) fn violations(&self) -> u64 {
        self.violations[KINDS.len() - 1]
    }

    /// Which of [`KINDS`] a violation is, by its number: exactly as many of each kind as there are to be, one kind among the
    /// others.
    pub(super) fn kind(&self, number: u64) -> usize {
        let place = shuffled(number, self.violations());
        let at = self.violations.partition_point(|end| *end <= place);
        at.min(KINDS.len() - 1)
    }
}

/// Another order of the numbers below `count`, in which neighbours are far apart. `number` is one of them.
pub(super) fn shuffled(number: u64, count: u64) -> u64 {
    /// A prime above every count, so that no two numbers meet; the golden ratio of 2^32, so that they spread.
    const STRIDE: u64 = 2_654_435_761;
    number * (STRIDE % count) % count
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_kinds_are_the_violations_that_heze_tells_of() {
        let all: u64 = KINDS.iter().map(|kind| kind.a_year).sum();
        assert_eq!(all, 1_699_000);
        assert_eq!(City::at(1.0).violations(), 1_699_000);
        assert_eq!(City::at(0.001).violations(), 1_699);
    }

    #[test]
    fn each_kind_comes_as_often_as_it_is_to_and_among_the_others() {
        let city = City::at(0.01);
        let mut parking = 0;
        let mut longest_pause = 0;
        let mut last = 0;
        for number in 0..city.violations() {
            if (KINDS[city.kind(number)].act)().conduct == i32::from(Conduct::IllegalParking) {
                parking += 1;
                longest_pause = longest_pause.max(number - last);
                last = number;
            }
        }
        assert_eq!(parking, 4_000);
        assert!(longest_pause < 20, "{longest_pause}");
    }

    #[test]
    fn shuffled_numbers_are_the_same_numbers() {
        for count in [1, 2, 7, 1_699, 16_990] {
            let shuffled: BTreeSet<_> = (0..count).map(|n| shuffled(n, count)).collect();
            assert!(shuffled.into_iter().eq(0..count), "{count}");
        }
    }

    #[test]
    fn of_everything_there_is_at_least_one() {
        let city = City::at(0.000_001);
        assert_eq!((city.ebikes, city.permits, city.bays), (3, 1, 1));
    }
}

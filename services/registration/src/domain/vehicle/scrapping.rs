//! The age of mandatory scrapping (强制报废), from `data/scrapping-standard.toml`, and the notice that goes before its end.

use super::class::{Particulars, UseNature, VehicleClass};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Standard {
    /// Years after the factory after which the age counts from the factory, not from the registration.
    unregistered_years: i16,
    age: Vec<Age>,
}

/// The first line that fits decides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Age {
    /// Empty: all.
    #[serde(default)]
    class: Vec<VehicleClass>,
    /// Empty: all.
    #[serde(default, rename = "use")]
    uses: Vec<UseNature>,
    /// Absent: no age is set.
    years: Option<i16>,
}

fn standard() -> &'static Standard {
    static STANDARD: LazyLock<Standard> = LazyLock::new(|| {
        toml::from_str(include_str!("../../../data/scrapping-standard.toml"))
            .expect("the shipped standard is valid: a test reads it")
    });
    &STANDARD
}

/// The last day on which a vehicle that was first registered on a day may be used; `None`: no age is set.
pub fn last_day(vehicle: &Particulars, first_registered_on: Date) -> Option<Date> {
    let standard = standard();
    let fits = |age: &&Age| {
        (age.class.is_empty() || age.class.contains(&vehicle.class))
            && (age.uses.is_empty() || age.uses.contains(&vehicle.use_nature))
    };
    let years = standard.age.iter().find(fits)?.years?;
    let from = if first_registered_on > vehicle.made_on + standard.unregistered_years.years() {
        vehicle.made_on
    } else {
        first_registered_on
    };
    Some(from + years.years())
}

/// That the owner is told of the end of the age and has the vehicle cancelled before (Road Traffic Safety Regulations art. 9(1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScrappingNotice {
    /// Of the age of the vehicle.
    pub last_day: Date,
    /// From this day on its papers are void if it was not cancelled (Order 164 art. 41(1)).
    pub void_from: Date,
}

impl ScrappingNotice {
    /// When it is due: two months before the last day.
    pub fn due_on(last_day: Date) -> Date {
        last_day - 2.months()
    }

    /// Given on `today`. Whoever is told late, because the age ends sooner than in two months or has ended, has the two months of
    /// the law all the same before the papers are void.
    pub fn given(last_day: Date, today: Date) -> Self {
        let after_the_last = last_day + 1.day();
        Self {
            last_day,
            void_from: after_the_last.max(today + 2.months()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_standard_names_every_class_and_use() {
        for class in VehicleClass::ALL {
            for use_nature in UseNature::ALL {
                let fits = |age: &Age| {
                    (age.class.is_empty() || age.class.contains(&class))
                        && (age.uses.is_empty() || age.uses.contains(&use_nature))
                };
                assert!(standard().age.iter().any(fits), "{class:?} {use_nature:?}");
            }
        }
    }
}
